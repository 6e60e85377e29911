package cli

import (
	"cmp"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type configExplainOptions struct {
	config configOptions
	format output.Format
}

func newConfigExplain(s term.Streams) *cobra.Command {
	var o configExplainOptions
	cmd := &cobra.Command{
		Use:   "explain [path]",
		Short: "Tell what a key means, what it is set to, and by whom",
		Long: `Tell what a key means, which values it takes, what it is set to, and what each layer says
about it. The path is written as in all messages; the name of a variable will do as well.
A section lists its keys. Without a path these are those of the top level.`,
		Example: `  otlpctl config explain server.port
  otlpctl config explain exporters.otlp/two.timeout --config otel.yaml
  otlpctl config explain 'service.pipelines.traces.exporters[0]'
  otlpctl config explain APP__LOGGING__LEVEL

  # What could be configured, though it is not
  otlpctl config explain exporters.otlphttp`,
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := noAssignments(cmd, args, "to see what a value would change, write --set in front of it"); err != nil {
				return err
			}
			err := runConfigExplain(s, o, strings.Join(args, ""))
			if unknown, ok := errors.AsType[config.UnknownKeyError](err); ok {
				return usageError(cmd, unknown)
			}
			return err
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			return completePath(o, args, word), cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
		},
	}
	configFlags(cmd, &o.config)
	formatFlag(cmd, &o.format)
	return cmd
}

func runConfigExplain(s term.Streams, o configExplainOptions, path string) error {
	loaded, err := o.config.load(s)
	if err != nil {
		return err
	}
	e, err := loaded.Explain(path)
	if err != nil {
		return err
	}
	if o.format != output.Table {
		return o.format.Write(s.Out, e, nil)
	}
	if err := o.format.Write(s.Out, nil, func(r *output.Rows) { explainKey(r, e) }); err != nil {
		return err
	}
	if len(e.Layers)+len(e.Keys) == 0 {
		return nil
	}
	if _, err := s.Out.Write([]byte("\n")); err != nil {
		return err
	}
	return o.format.Write(s.Out, nil, func(r *output.Rows) { explainLayers(r, e); explainKeys(r, e) })
}

// explainKey says what a key is, one fact in a row.
func explainKey(r *output.Rows, e config.Explanation) {
	fact := func(name, text string) {
		if text != "" {
			r.Add(name, text)
		}
	}
	fact("key", e.Path)
	fact("meaning", e.Doc)
	fact("type", e.Type)
	fact("unit", e.Unit)
	fact("range", e.Range)
	values := strings.Join(quoteEmpty(e.Values), ", ")
	if e.Fold {
		values += " (in upper or lower case)"
	}
	fact("values", values)
	if e.Secret {
		fact("secret", "never shown")
	}
	fact("deprecated", e.Deprecated)
	fact("default", e.DefaultText())
	fact("variable", e.Variable)
	fact("same as", strings.Join(e.Twins, ", "))
	if len(e.Keys) > 0 && e.Value != nil {
		return
	}
	if e.Value != nil {
		r.Add("value", e.Value.Text())
	}
	fact("value", e.Note)
}

// explainLayers lists what each layer says about a value.
func explainLayers(r *output.Rows, e config.Explanation) {
	if len(e.Layers) == 0 {
		return
	}
	r.Header("LAYER", "PLACE", "KEY", "VALUE", "STATE")
	for _, said := range e.Layers {
		place := said.String()
		if said.Layer == config.Builtin {
			place = "-"
		}
		state := "shadowed by " + said.ShadowedBy
		switch {
		case said.InEffect && said.For != "":
			state = "in effect for " + said.For
		case said.InEffect:
			state = "in effect"
		case said.ShadowedBy == "":
			state = "-"
		}
		r.Add(string(said.Layer), place, said.Path, said.Value, state)
	}
}

// explainKeys lists the keys of a section.
func explainKeys(r *output.Rows, e config.Explanation) {
	if len(e.Keys) == 0 {
		return
	}
	r.Header("KEY", "VALUE", "DEFAULT", "MEANING")
	for _, key := range e.Keys {
		value := "-"
		if key.Value != nil {
			value = key.Value.Text()
		}
		r.Add(key.Key, value, cmp.Or(key.DefaultText(), "-"), key.Doc)
	}
}

func quoteEmpty(texts []string) []string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = text
		if text == "" {
			quoted[i] = `""`
		}
	}
	return quoted
}

// completePath offers the keys of the section that the word has come to.
func completePath(o configExplainOptions, args []string, word string) []string {
	if len(args) > 0 {
		return nil
	}
	loaded, err := config.Load(o.config.sources())
	if err != nil {
		return nil
	}
	section := word[:max(0, strings.LastIndexByte(word, '.'))]
	e, err := loaded.Explain(section)
	if err != nil {
		return nil
	}
	var offers []string
	for _, key := range e.Keys {
		offers = append(offers, cobra.CompletionWithDesc(key.Path, key.Doc))
	}
	return offers
}
