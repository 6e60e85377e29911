package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/load"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// sendReport is the document of send. The names of its fields are API.
type sendReport struct {
	// TraceID is that of the trace that was made here, to which the log record belongs, and otlpctl.send.id of the
	// data points.
	TraceID string       `json:"trace_id,omitempty"`
	Signals []sentSignal `json:"signals"`
	// Place is where in a file the request stands that was not taken.
	Place string `json:"place,omitempty"`
	// Skipped counts items in files that are of other signals than those asked for.
	Skipped int `json:"skipped,omitempty"`
	// Error is what is wrong apart from the answers, and Hint what to do about it.
	Error string `json:"error,omitempty"`
	Hint  string `json:"hint,omitempty"`

	options sendOptions
	answers map[wire.Signal]*load.Answer
}

// sentSignal is what was sent of a signal, and what the other end has answered.
type sentSignal struct {
	Signal   string        `json:"signal"`
	Endpoint string        `json:"endpoint"`
	Protocol load.Protocol `json:"protocol"`
	Requests int           `json:"requests"`
	Sent     int           `json:"sent"`
	Accepted int           `json:"accepted"`
	Rejected int           `json:"rejected"`
	Status   load.Status   `json:"status"`
	// Message came with a success.
	Message string `json:"message,omitempty"`
	Error   string `json:"error,omitempty"`
	Hint    string `json:"hint,omitempty"`
	// Found is how much of it is in the database, if that was looked at.
	Found *int `json:"found,omitempty"`
	// Unchecked is how much of it could not be looked for.
	Unchecked int `json:"unchecked,omitempty"`

	signal wire.Signal
}

// add adds an answer, and returns the sum of those for its signal.
func (r *sendReport) add(sig wire.Signal, answer load.Answer) *load.Answer {
	if r.answers == nil {
		r.answers = map[wire.Signal]*load.Answer{}
	}
	sum := r.answers[sig]
	if sum == nil {
		sum = new(load.Answer)
		r.answers[sig] = sum
		target := r.options.target.bySignal[sig]
		r.Signals = append(r.Signals, sentSignal{Signal: sig.String(), Endpoint: target.Name(), Protocol: target.By(), signal: sig})
		slices.SortFunc(r.Signals, func(a, b sentSignal) int { return int(a.signal) - int(b.signal) })
	}
	sum.Add(answer)
	at := slices.IndexFunc(r.Signals, func(s sentSignal) bool { return s.signal == sig })
	r.Signals[at].sum(sum, r.options.target.bySignal[sig])
	return sum
}

func (s *sentSignal) sum(a *load.Answer, target load.Target) {
	s.Requests, s.Sent, s.Accepted, s.Rejected = a.Requests, a.Sent, a.Accepted, a.Rejected
	s.Status, s.Message = a.Status(), a.Message
	if a.Err != nil {
		s.Error, s.Hint = sendProblem(a.Err, target)
	}
}

// stop notes what is wrong apart from the answers, which is what was noted first.
func (r *sendReport) stop(err error) error {
	if r.Error != "" {
		return err
	}
	r.Error = err.Error()
	if all := hints(err); len(all) > 0 {
		r.Hint = all[0]
	}
	return err
}

func (r *sendReport) write(s term.Streams) error {
	if r.options.format == output.Table && len(r.Signals) == 0 {
		return nil
	}
	err := r.options.format.Write(s.Out, r, func(rows *output.Rows) {
		header := []string{"SIGNAL", "SENT", "ACCEPTED", "ANSWER"}
		if r.options.check {
			header = append(header, "FOUND")
		}
		if r.TraceID != "" {
			header = append(header, "ID")
		}
		rows.Header(header...)
		for _, signal := range r.Signals {
			rows.Add(r.cells(signal)...)
		}
	})
	r.noteUnchecked(s.Err)
	r.next(s.Err)
	return err
}

// next tells a person where the trace is shown, if it is known to be there.
func (r *sendReport) next(w *term.Output) {
	found := r.TraceID != "" && len(r.Signals) > 0 && r.Signals[0].Found != nil && *r.Signals[0].Found > 0
	if found && r.Signals[0].signal == wire.Traces && r.options.checks.database == "" && w.IsTerminal() {
		_, _ = fmt.Fprintln(w, w.Paint(term.Hint, "note:"), "otlpctl traces "+r.TraceID+" shows the trace")
	}
}

func (r *sendReport) cells(s sentSignal) []string {
	answer := strings.ReplaceAll(string(s.Status), "_", " ")
	if s.Message != "" {
		answer += ": " + s.Message
	}
	cells := []string{s.Signal, strconv.Itoa(s.Sent), strconv.Itoa(s.Accepted), answer}
	if r.options.check {
		found := "-"
		if s.Found != nil {
			found = strconv.Itoa(*s.Found)
		}
		cells = append(cells, found)
	}
	if r.TraceID != "" {
		cells = append(cells, r.TraceID)
	}
	return cells
}

// verdict returns an error if not everything was accepted.
func (r *sendReport) verdict() error {
	var errs []error
	for _, group := range r.problems() {
		errs = append(errs, group.err(len(r.Signals), r.Place))
	}
	for _, s := range r.Signals {
		if s.Status == load.PartialSuccess {
			errs = append(errs, fmt.Errorf("%s: %d of %s not accepted", s.Signal, s.Rejected, counted(s.Sent, noun(s.signal))))
		}
	}
	return errors.Join(errs...)
}

// noun is what an item of a signal is called.
func noun(sig wire.Signal) string {
	return strings.TrimSuffix(strings.ReplaceAll(sig.ItemNoun(), "_", " "), "s")
}

// problem is an error that several signals may have in common.
type problem struct {
	signals []string
	sentSignal
}

// problems returns the errors, each once.
func (r *sendReport) problems() []problem {
	var all []problem
	for _, s := range r.Signals {
		if s.Error == "" {
			continue
		}
		if at := slices.IndexFunc(all, func(p problem) bool { return p.same(&s) }); at >= 0 {
			all[at].signals = append(all[at].signals, s.Signal)
			continue
		}
		all = append(all, problem{[]string{s.Signal}, s})
	}
	return all
}

// same reports whether s has the problem, too. Texts may differ in the path, or in how a connection broke.
func (p *problem) same(s *sentSignal) bool {
	if p.Endpoint == s.Endpoint && p.Status == s.Status && p.Hint != "" && s.Hint != "" {
		return true
	}
	return strings.ReplaceAll(p.Error, p.signal.Path(), "") == strings.ReplaceAll(s.Error, s.signal.Path(), "")
}

func (p problem) err(signals int, place string) error {
	text := p.Error
	switch {
	case place != "":
		text = place + ": " + text
	case len(p.signals) < signals:
		text = strings.Join(p.signals, " and ") + ": " + text
	}
	return hinted.New(errors.New(text), p.Hint)
}
