package cli

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver"
)

// print writes the report as a checklist, in one piece. It is aligned in a pipe too: what reads it
// there is the log of a build, which people read; programs take -o json.
func (v *validation) print(w *term.Output) error {
	var b strings.Builder
	width := 0
	for _, c := range v.Checks {
		width = max(width, utf8.RuneCountInString(c.Name))
	}
	for _, c := range v.Checks {
		c.print(&b, w, width)
	}
	for _, warning := range v.Warnings {
		b.WriteString(w.Paint(term.Warn, "warning:") + " " + findingText(w, warning) + "\n")
	}
	b.WriteString(v.verdict(w) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (c *checked) print(b *strings.Builder, w *term.Output, width int) {
	const beforeName = "  "
	mark := c.mark(w)
	padding := strings.Repeat(" ", width-utf8.RuneCountInString(c.Name))
	last := c.Note
	if c.Status != receiver.CheckSkipped && last == "" {
		last = brief(c.took)
	}
	line := mark + beforeName + fmt.Sprintf("%-*s", longestLevel, c.Level) + beforeName + c.Name + padding + beforeName + w.Paint(term.Dim, last)
	b.WriteString(strings.TrimRight(line, " ") + "\n")
	for _, f := range c.findings {
		b.WriteString(indented(findingText(w, f)))
	}
}

const (
	longestLevel = len("connect")
	longestWord  = len("skipped")
)

// mark returns the status of a check: a sign where color tells the signs apart at a glance, else a
// word of the same width as the others, which any font shows and grep finds.
func (c *checked) mark(w *term.Output) string {
	sign, word, style := "–", "skipped", term.Warn
	switch c.Status {
	case receiver.CheckOK:
		sign, word, style = "✓", "ok", term.OK
	case receiver.CheckFailed:
		sign, word, style = "✗", "FAILED", term.Error
	default:
	}
	if w.IsTerminal() && w.IsColored() {
		return w.Paint(style, sign)
	}
	return w.Paint(style, word) + strings.Repeat(" ", longestWord-len(word))
}

// indented returns lines below the check that they belong to.
func indented(text string) string {
	const below = "    "
	return below + strings.ReplaceAll(text, "\n", "\n"+below) + "\n"
}

// brief returns a duration to the millisecond.
func brief(d time.Duration) string {
	if d < time.Millisecond {
		return "<1ms"
	}
	return d.Round(time.Millisecond).String()
}

// verdict is the report in one sentence.
func (v *validation) verdict(w *term.Output) string {
	count := map[receiver.Status]int{}
	for _, c := range v.Checks {
		count[c.Status]++
	}
	if v.Valid {
		text := w.Paint(term.OK, "valid:") + " " + counted(len(v.Checks), "check") + " passed, up to level " + string(v.Level)
		if len(v.Warnings) > 0 {
			text += ", with " + counted(len(v.Warnings), "warning")
		}
		return text
	}
	text := w.Paint(term.Error, "invalid:") + " "
	if len(v.Findings) > 0 {
		text += counted(len(v.Findings), "fault") + " in the configuration"
	} else {
		text += strconv.Itoa(count[receiver.CheckFailed]) + " of " + counted(len(v.Checks), "check") + " failed"
	}
	if skipped := count[receiver.CheckSkipped]; skipped > 0 {
		text += ", " + strconv.Itoa(skipped) + " skipped"
	}
	return text
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// findingsOf returns the faults that an error of config.Load consists of.
func findingsOf(err error) config.Errors {
	if faults, ok := errors.AsType[config.Errors](err); ok {
		return faults
	}
	return config.Errors{{Problem: err.Error()}}
}
