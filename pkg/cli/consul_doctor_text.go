package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/discovery/catalog"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// diagnosis is the document of consul doctor. The names of its fields are API.
type diagnosis struct {
	Services  []string          `json:"services"`
	Instances []examination     `json:"instances"`
	Findings  []catalog.Finding `json:"findings"`
	Errors    int               `json:"errors"`
	Warnings  int               `json:"warnings"`
	Notes     int               `json:"notes"`
	// Removed is what has become of the zombies, with --fix.
	Removed []catalog.Removed `json:"removed,omitempty"`
}

// examination is what one instance has answered. The names of its fields are API.
type examination struct {
	ID      string        `json:"id"`
	Service string        `json:"service"`
	Node    string        `json:"node"`
	Addr    string        `json:"addr"`
	Status  string        `json:"status"`
	Probe   catalog.Probe `json:"probe"`
}

func newDiagnosis(services []string, cases []catalog.Case, findings []catalog.Finding) *diagnosis {
	d := &diagnosis{Services: services, Findings: findings, Instances: make([]examination, len(cases))}
	if d.Findings == nil {
		d.Findings = []catalog.Finding{}
	}
	for n, c := range cases {
		i := c.Instance
		d.Instances[n] = examination{ID: i.ID, Service: i.Service, Node: i.Node, Addr: i.Addr, Status: i.Status, Probe: c.Probe}
	}
	for _, f := range findings {
		switch f.Severity {
		case catalog.SeverityError:
			d.Errors++
		case catalog.SeverityWarning:
			d.Warnings++
		case catalog.SeverityNote:
			d.Notes++
		}
	}
	return d
}

// remaining counts the faults that are still there.
func (d *diagnosis) remaining() int {
	n := d.Errors + d.Warnings
	for _, r := range d.Removed {
		if r.Done {
			n--
		}
	}
	return n
}

// print writes the findings in one piece: for people each in a few lines, in a pipe each as a row.
func (d *diagnosis) print(s term.Streams) error {
	var err error
	if s.Out.IsTerminal() {
		err = d.printPage(s.Out)
	} else {
		format := output.Table
		err = format.Write(s.Out, nil, func(r *output.Rows) {
			for _, f := range d.Findings {
				r.Add(string(f.Severity), string(f.Kind), f.Service, f.ID, f.Node, f.Addr, f.What, f.Next)
			}
		})
	}
	if err == nil {
		_, err = fmt.Fprintln(s.Err, d.verdict(s.Err))
	}
	return err
}

func (d *diagnosis) printPage(w *term.Output) error {
	var b strings.Builder
	for _, f := range d.Findings {
		label := fmt.Sprintf("%-7s", f.Severity)
		fmt.Fprintf(&b, "%s  %s  %s of %s, %s on %s\n", w.Paint(severityStyle(f.Severity), label), f.Kind,
			w.Paint(term.Bold, printable(f.ID)), printable(f.Service), printable(f.Addr), printable(f.Node))
		b.WriteString(indented(printable(f.What)))
		b.WriteString(indented(hintText(w, printable(f.Next))))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func severityStyle(s catalog.Severity) term.Style {
	switch s {
	case catalog.SeverityError:
		return term.Error
	case catalog.SeverityWarning:
		return term.Warn
	case catalog.SeverityNote:
	}
	return term.Dim
}

// verdict is the report in one sentence.
func (d *diagnosis) verdict(w *term.Output) string {
	of := counted(len(d.Services), "service")
	if len(d.Services) == 1 {
		of = printable(d.Services[0])
	}
	text := fmt.Sprintf("%s of %s", counted(len(d.Instances), "instance"), of)
	if d.Errors+d.Warnings == 0 {
		text = w.Paint(term.OK, "well:") + " " + text
		if d.Notes > 0 {
			text += ", with " + counted(d.Notes, "note")
		}
		return text
	}
	return w.Paint(term.Error, "not well:") + fmt.Sprintf(" %s: %s, %s, %s", text,
		counted(d.Errors, "error"), counted(d.Warnings, "warning"), counted(d.Notes, "note"))
}
