package config

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/discovery/register"
	"github.com/otlpctl/otlpctl/receiver"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
)

//go:generate go test -run ^TestReference$ . -update

const (
	referencePage = "../../docs/configuration.md"
	// generatedBelow parts the page: what is above is written by hand.
	generatedBelow = "<!-- What follows is generated from the code: run make generate. -->\n"
)

// TestReference holds the tables of the page to the structs that configure the
// receiver.
func TestReference(t *testing.T) {
	page := readPage(t)
	written, _, found := strings.Cut(page, generatedBelow)
	if !found {
		t.Fatalf("%s does not say where its generated part begins:\n%s", referencePage, generatedBelow)
	}
	want := written + generatedBelow + markdown(chapters(t))
	if *update {
		if err := os.WriteFile(referencePage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if page != want {
		t.Error("docs/configuration.md is not what the code says: run 'make generate'")
	}
}

func readPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile(referencePage)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// chapter describes one section of a configuration, or one type of component.
type chapter struct {
	title string
	names []string // paths that it is found under
	intro string
	rows  []row
}

// chapters describes every key, each of them once.
func chapters(t *testing.T) []chapter {
	t.Helper()
	d := describer{t: t, shared: sharedSections()}
	top := chapter{title: "The top level"}
	for _, f := range d.fields(reflect.TypeFor[Model]()) {
		top.rows = append(top.rows, row{key: f.key, typ: typeOfField(f), about: about(f)})
	}
	all := []chapter{top}
	all = append(all, d.components("receivers", receiver.ReceiverTypes(), func(typ string) any { return receiver.NewReceiverConfig(typ) })...)
	all = append(all, d.components("processors", receiver.ProcessorTypes(), func(typ string) any { return receiver.NewProcessorConfig(typ) })...)
	all = append(all, d.components("exporters", receiver.ExporterTypes(), func(typ string) any { return receiver.NewExporterConfig(typ) })...)
	for old, current := range receiver.DeprecatedExporterTypes() {
		all = append(all, d.deprecated(all, "exporters", old, current))
	}
	base := receiver.BaseConfig()
	all = append(all,
		chapter{title: "`service`", names: []string{"service"}, rows: d.section("", reflect.ValueOf(base.Service))},
		chapter{title: "`admin`", names: []string{"admin"}, rows: d.section("", reflect.ValueOf(base.Admin))},
		chapter{title: "`discovery`", names: []string{"discovery"}, rows: d.section("", reflect.ValueOf(register.DefaultConfig()))},
		chapter{title: "`deploy`", names: []string{"deploy"}, rows: d.section("", reflect.ValueOf(DefaultDeploy()))})
	for _, f := range d.fields(reflect.TypeFor[Short]()) {
		c := chapter{title: "`" + f.key + "`", names: []string{f.key}, rows: d.section("", reflect.New(f.typ).Elem())}
		for i := range c.rows {
			c.rows[i].preset = "" // that of the long form
		}
		all = append(all, c)
	}
	for _, s := range d.shared {
		all = append(all, chapter{title: s.title, intro: refusal(s.value), rows: d.section(s.key+".", reflect.ValueOf(s.value).Elem())})
	}
	return all
}

// sharedSections are described apart, once for all components that have them.
func sharedSections() []shared {
	queue, retry := pipeline.DefaultQueueConfig(), pipeline.DefaultRetryConfig()
	return []shared{
		{"`sending_queue`", "#sending_queue", "sending_queue", &queue},
		{"`retry_on_failure`", "#retry_on_failure", "retry_on_failure", &retry},
		{"`tls` of a server", "#tls-of-a-server", "tls", &tlsconf.Server{}},
		{"`tls` of a client", "#tls-of-a-client", "tls", &tlsconf.Client{}},
	}
}

// components describes the types of one kind. Several names of one type share a
// chapter.
func (d *describer) components(kind string, types []string, fresh func(typ string) any) []chapter {
	var all []chapter
	place := map[reflect.Type]int{}
	for _, typ := range types {
		conf := fresh(typ)
		name := kind + "." + typ
		if i, known := place[reflect.TypeOf(conf)]; known {
			all[i].title += " or `" + name + "`"
			all[i].names = append(all[i].names, name)
			continue
		}
		place[reflect.TypeOf(conf)] = len(all)
		c := chapter{title: "`" + name + "`", names: []string{name}, intro: refusal(conf), rows: d.section("", reflect.ValueOf(conf).Elem())}
		if len(c.rows) == 0 {
			c.intro = "Has no keys."
		}
		all = append(all, c)
	}
	return all
}

// deprecated describes in what a component differs under its old name.
func (d *describer) deprecated(known []chapter, kind, old, current string) chapter {
	rows := d.section("", reflect.ValueOf(receiver.NewExporterConfig(old)).Elem())
	for _, c := range known {
		if slices.Contains(c.names, kind+"."+current) {
			rows = slices.DeleteFunc(rows, func(r row) bool { return slices.Contains(c.rows, r) })
		}
	}
	return chapter{
		title: "`" + kind + "." + old + "`", names: []string{kind + "." + old}, rows: rows,
		intro: "The old name of `" + current + "`, and deprecated. Only these keys differ.",
	}
}

// refusal says what is wrong with a section in which nothing is set.
func refusal(conf any) string {
	check, ok := conf.(validator)
	if !ok {
		return ""
	}
	var text strings.Builder
	for _, err := range leaves(check.Validate()) {
		problem := err.Error()
		if e, ok := err.(problemError); ok { //nolint:errorlint // as in decoder.invalid
			problem = e.Problem()
		}
		text.WriteString("Refused if nothing is set: ")
		if e, ok := err.(pathError); ok && e.ConfigPath() != "" { //nolint:errorlint // as above
			text.WriteString("`" + e.ConfigPath() + "` ")
		}
		text.WriteString(prose(problem) + ".")
	}
	return text.String()
}

func markdown(all []chapter) string {
	var b strings.Builder
	for _, c := range all {
		b.WriteString("\n### " + c.title + "\n")
		if c.intro != "" {
			b.WriteString("\n" + c.intro + "\n")
		}
		if len(c.rows) > 0 {
			b.WriteString("\n| key | type | default | meaning |\n|---|---|---|---|\n")
		}
		for _, r := range c.rows {
			cells := []string{"`" + r.key + "`", r.typ, r.preset, r.about}
			b.WriteString("| " + strings.ReplaceAll(strings.Join(cells, "\x00"), "|", `\|`) + " |\n")
		}
	}
	return strings.ReplaceAll(b.String(), "\x00", " | ")
}
