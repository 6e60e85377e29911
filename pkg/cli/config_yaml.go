package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// maxOriginColumn is how far to the right the comments begin at most: one long value must not push
// them all off the screen.
const maxOriginColumn = 64

// yamlLine is a line of YAML and the comment behind it.
type yamlLine struct{ text, comment string }

// configYAML writes a configuration as YAML, with the origin of each value behind it if that is
// wanted. It keeps the order of keys and aligns the comments, which no encoder does.
func configYAML(w *term.Output, v *config.Value, origin bool) string {
	lines := yamlLines(nil, v, "", "")
	width := 0
	for _, line := range lines {
		if n := utf8.RuneCountInString(line.text); line.comment != "" && n <= maxOriginColumn {
			width = max(width, n)
		}
	}
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(line.text)
		if origin && line.comment != "" {
			pad := max(0, width-utf8.RuneCountInString(line.text))
			b.WriteString(strings.Repeat(" ", pad+1) + w.Paint(term.Dim, "# "+line.comment))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// yamlLines appends the lines of a value, whose first begins with lead and whose others with
// indent.
func yamlLines(lines []yamlLine, v *config.Value, lead, indent string) []yamlLine {
	switch {
	case v.Kind == config.ScalarValue:
		return append(lines, yamlLine{lead + yamlScalar(v.Scalar), v.Origin.String()})
	case len(v.Items) == 0:
		return append(lines, yamlLine{lead + v.Text(), v.Origin.String()})
	}
	for _, item := range v.Items {
		start, below := lead+"- ", indent+"  "
		if v.Kind == config.SectionValue {
			start = lead + yamlScalar(item.Key) + ":"
			if item.Kind == config.ScalarValue || len(item.Items) == 0 {
				start += " "
			} else {
				lines, start = append(lines, yamlLine{text: start}), below
			}
		}
		lines = yamlLines(lines, item, start, below)
		lead = indent
	}
	return lines
}

// yamlScalar writes a value on one line, in quotes if it would be taken for something else without.
func yamlScalar(scalar any) string {
	text, isText := scalar.(string)
	if !isText {
		return strings.TrimSpace(fmt.Sprint(scalar))
	}
	encoded, err := yaml.Marshal(text)
	line := strings.TrimSuffix(string(encoded), "\n")
	if err != nil || strings.ContainsRune(line, '\n') {
		quoted, _ := json.Marshal(text) // a text in JSON is one in YAML
		return string(quoted)
	}
	return line
}
