package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/pkg/image/inspect"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// printInspection writes the report in one piece.
func printInspection(w *term.Output, r inspect.Report) error {
	p := &sheet{out: w}
	p.WriteString(w.Paint(term.Bold, printable(r.Name)) + "\n")
	p.table(summaryRows(r))
	p.title("Configuration")
	p.table(configRows(r.Config))
	p.title("Layers")
	p.cutTable(layerRows(r.Layers))
	if len(r.Wasted.Top) > 0 {
		p.title("Wasted")
		p.table(wastedRows(r.Wasted))
	}
	p.title("Checks")
	p.checks(r.Checks)
	_, err := io.WriteString(w, p.String())
	return err
}

func summaryRows(r inspect.Report) [][]string {
	platform := r.Platform
	if len(r.Platforms) > 1 {
		platform += ", one of " + strings.Join(r.Platforms, ", ")
	}
	rows := [][]string{
		{"digest", r.Digest},
		{"id", r.ID},
		{"platform", platform},
		{"created", dateText(r.Created)},
		{"size", sizeText(r.Size) + " compressed, " + sizeText(r.Unpacked) + " unpacked"},
		{"wasted", sizeText(r.Wasted.Size) + " in " + counted(r.Wasted.Files, "file")},
	}
	if r.Program != nil {
		rows = append(rows, []string{"program", programText(*r.Program)})
	}
	return append(rows, []string{"sbom", sbomText(r.SBOM)})
}

func dateText(t *time.Time) string {
	if t == nil {
		return "unknown"
	}
	return t.Format(time.RFC3339)
}

func programText(p inspect.Program) string {
	text := p.Path + ", " + sizeText(p.Size)
	if p.Static {
		text += ", static"
	}
	if p.Module != "" {
		text += ", " + strings.TrimSpace(p.Module+" "+p.Version) + ", " + p.Go
	}
	return text
}

func sbomText(s *inspect.SBOM) string {
	switch {
	case s == nil:
		return "none"
	case s.Format == "":
		return "none; the program says that it was built from " + counted(s.Packages, "module")
	}
	return s.Format + ", " + counted(s.Packages, "package") + ", " + s.Digest
}

func configRows(c inspect.Config) [][]string {
	var rows [][]string
	add := func(name string, values ...string) {
		for _, value := range values {
			if value != "" {
				rows = append(rows, []string{name, value})
				name = ""
			}
		}
	}
	user := c.User
	if user == "" {
		user = "root, as none is set"
	}
	add("user", user)
	add("entrypoint", quoted(c.Entrypoint))
	add("command", quoted(c.Cmd))
	add("folder", c.WorkingDir)
	add("ports", strings.Join(c.Ports, ", "))
	add("volumes", strings.Join(c.Volumes, ", "))
	add("stop signal", c.StopSignal)
	add("health check", healthText(c.HealthCheck))
	add("environment", c.Env...)
	var labels []string
	for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
		labels = append(labels, name+"="+c.Labels[name])
	}
	add("labels", labels...)
	return rows
}

// quoted returns a command as a shell would take it.
func quoted(words []string) string {
	shown := make([]string, len(words))
	for i, word := range words {
		shown[i] = word
		if word == "" || strings.ContainsAny(word, " \t\n\"'\\$`;&|<>()*?#~") {
			shown[i] = strconv.Quote(word)
		}
	}
	return strings.Join(shown, " ")
}

func healthText(h *inspect.HealthCheck) string {
	if h == nil {
		return "none"
	}
	parts := []string{quoted(h.Test[1:])}
	for _, setting := range []struct{ name, value string }{
		{"every", h.Interval}, {"timeout", h.Timeout}, {"start", h.StartPeriod},
	} {
		if setting.value != "" {
			parts = append(parts, setting.name+" "+setting.value)
		}
	}
	return strings.Join(parts, ", ")
}

func layerRows(layers []inspect.Layer) [][]string {
	rows := [][]string{{"#", "SIZE", "UNPACKED", "FILES", "CREATED BY"}}
	for i, l := range layers {
		rows = append(rows, []string{
			strconv.Itoa(i + 1), sizeText(l.Size), sizeText(l.Unpacked), strconv.Itoa(l.Files), l.CreatedBy,
		})
	}
	return rows
}

func wastedRows(w inspect.Wasted) [][]string {
	var rows [][]string
	for _, l := range w.Top {
		rows = append(rows, []string{sizeText(l.Size), l.Path, fmt.Sprintf("of layer %d, %s", l.Layer, l.How)})
	}
	if more := w.Files - len(w.Top); more > 0 {
		rows = append(rows, []string{"", "and " + counted(more, "more file"), ""})
	}
	return rows
}

// checks writes the verdicts, each with its hint below, and how many there are of either.
func (p *sheet) checks(checks []inspect.Check) {
	width, passed := 0, 0
	for _, c := range checks {
		width = max(width, len(c.Rule))
	}
	for _, c := range checks {
		mark := p.out.Paint(term.Warn, "warn")
		if c.Status == inspect.OK {
			mark = p.out.Paint(term.OK, "ok") + "  "
			passed++
		}
		fmt.Fprintf(p, "  %s  %-*s  %s\n", mark, width, c.Rule, printable(c.Why))
		if c.Hint != "" {
			p.WriteString(strings.Repeat(" ", width+10) + hintText(p.out, c.Hint) + "\n")
		}
	}
	fmt.Fprintf(p, "  %d of %s passed\n", passed, counted(len(checks), "check"))
}
