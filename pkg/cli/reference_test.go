package cli

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/otlpctl/otlpctl/pkg/term"
)

//go:generate go test -run ^TestReference$ . -update

const referenceDir = "../../docs/reference"

//nolint:gochecknoglobals // how a test binary defines a flag
var update = flag.Bool("update", false, "write the command reference instead of comparing it")

// TestReference holds docs/reference to the commands as they are: one page each.
func TestReference(t *testing.T) {
	pages := make(map[string]string)
	collect(newRoot(term.Plain(strings.NewReader(""), nil, nil)), pages)

	if *update {
		writePages(t, pages)
	}
	for name, want := range pages {
		got, err := os.ReadFile(filepath.Join(referenceDir, name))
		if err != nil || string(got) != want {
			t.Errorf("docs/reference/%s is not what the command says: run 'make generate'", name)
		}
	}
	files, err := os.ReadDir(referenceDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if _, ok := pages[file.Name()]; !ok {
			t.Errorf("docs/reference/%s describes no command: run 'make generate'", file.Name())
		}
	}
}

// writePages leaves exactly these pages in the directory.
func writePages(t *testing.T, pages map[string]string) {
	t.Helper()
	if err := os.RemoveAll(referenceDir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(referenceDir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(referenceDir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func collect(cmd *cobra.Command, pages map[string]string) {
	pages[pageOf(cmd)] = page(cmd)
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			collect(sub, pages)
		}
	}
}

func pageOf(cmd *cobra.Command) string {
	return strings.ReplaceAll(cmd.CommandPath(), " ", "_") + ".md"
}

func page(cmd *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", cmd.CommandPath())
	if cmd.Long != "" {
		b.WriteString(cmd.Long + "\n\n")
	} else {
		b.WriteString(cmd.Short + ".\n\n")
	}
	if cmd.Example != "" {
		fmt.Fprintf(&b, "## Examples\n\n```sh\n%s\n```\n\n", outdent(cmd.Example))
	}
	fmt.Fprintf(&b, "## Usage\n\n```\n%s\n```\n", outdent(usageLines(cmd)))
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\n## Commands\n\n")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				fmt.Fprintf(&b, "- [%s](%s): %s\n", sub.CommandPath(), pageOf(sub), sub.Short)
			}
		}
	}
	flagTable(&b, "Flags", cmd.NonInheritedFlags())
	flagTable(&b, "Global flags", cmd.InheritedFlags())
	if cmd.HasParent() {
		fmt.Fprintf(&b, "\nPart of [%s](%s).\n", cmd.Parent().CommandPath(), pageOf(cmd.Parent()))
		return b.String()
	}
	b.WriteString("\n## Exit codes\n\n| code | meaning |\n|---|---|\n")
	for _, e := range exitMeanings() {
		fmt.Fprintf(&b, "| %d | %s |\n", e.code, e.meaning)
	}
	return b.String()
}

func flagTable(b *strings.Builder, title string, flags *pflag.FlagSet) {
	var rows strings.Builder
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		name := "`--" + f.Name + "`"
		if f.Shorthand != "" {
			name = "`-" + f.Shorthand + "`, " + name
		}
		preset := ""
		if f.DefValue != "" {
			preset = "`" + f.DefValue + "`"
		}
		fmt.Fprintf(&rows, "| %s | %s | %s | %s |\n", name, f.Value.Type(), preset, f.Usage)
	})
	if rows.Len() > 0 {
		fmt.Fprintf(b, "\n## %s\n\n| flag | value | default | meaning |\n|---|---|---|---|\n%s", title, &rows)
	}
}

// outdent removes the indentation that help gives to examples and usage.
func outdent(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "  ")
	}
	return strings.Join(lines, "\n")
}
