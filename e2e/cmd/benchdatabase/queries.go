package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/e2e/bench/generator"
	"github.com/otlpctl/otlpctl/e2e/bench/report"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

const (
	past    = 24 * time.Hour // that the items are spread over
	repeats = 5
	share   = 10 // spans for each data point, and for each log record
)

// question is a command that asks a database.
type question struct {
	args []string
	// shown are the arguments for people; empty shows args.
	shown string
}

func (q question) String() string {
	if q.shown != "" {
		return q.shown
	}
	return strings.Join(q.args, " ")
}

// questions are the same for every database. trace is one that it has, and logged one that a log record belongs to.
func questions(trace, logged string) []question {
	var all []question
	for _, text := range []string{
		"traces",
		"traces --since 1d",
		"traces --service checkout",
		"traces --status error",
		"traces --name *search",
		"traces --name nowhere",
		"traces --min-duration 1990ms",
		"traces --min-duration 1h",
		"traces --attribute http.response.status_code=500",
		"traces --attribute http.route=/nowhere",
		"traces --service nobody --since 1d",
		"traces --limit 1000 -o json",
		"query logs",
		"query logs --service checkout --severity error",
		"query logs --body DELETE",
		"query logs --attribute enduser.id=nobody",
		"query metrics",
		"query metrics --name http.server.*",
		"query metrics --name http.server.request.0 --service checkout",
	} {
		all = append(all, question{args: strings.Fields(text)})
	}
	return append(all,
		question{[]string{"traces", trace}, "traces ID"},
		question{[]string{"traces", trace[:8]}, "traces PREFIX"},
		question{[]string{"query", "logs", "--trace", logged, "--since", "1d"}, "query logs --trace ID --since 1d"},
	)
}

// answer is how long a question took, and how many lines the answer has.
type answer struct {
	question question
	took     report.Spread // seconds
	lines    int
}

// ask fills a database with so many spans, and with a tenth of data points and log records each, over a day, and asks it
// all questions while the receiver rests.
func (r *runner) ask(ctx context.Context, e engine, spans int) (answers []answer, err error) {
	err = r.with(ctx, e, false, func(db database, to *receiver) error {
		if err := r.fill(ctx, db, to, spans); err != nil {
			return err
		}
		if err := db.tend(ctx); err != nil {
			return err
		}
		a := asker{otlpctl: r.otlpctl, url: db.url()}
		trace, traceErr := a.field(ctx, 0, "traces", "--since", "1d", "--limit", "1")
		const traceField = 5
		logged, loggedErr := a.field(ctx, traceField, "query", "logs", "--since", "1d", "--limit", "1")
		if err := errors.Join(traceErr, loggedErr); err != nil {
			return err
		}
		for _, q := range questions(trace, logged) {
			one, err := a.ask(ctx, q)
			if err != nil {
				return err
			}
			r.say("  %-60s %8.1f ms %6d lines", q, one.took.Median*1000, one.lines)
			answers = append(answers, one)
		}
		return nil
	})
	return answers, err
}

// fill writes as many items as are asked for.
func (r *runner) fill(ctx context.Context, db database, to *receiver, spans int) error {
	for _, part := range []struct {
		signal signal.Signal
		items  int
	}{{signal.Metrics, spans / share}, {signal.Logs, spans / share}, {signal.Traces, spans}} {
		f, err := r.feed(ctx, to, part.signal)
		if err != nil {
			return err
		}
		took, err := f.send(ctx, generator.Run{Requests: part.items / ofRequest, Past: past})
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		rows, err := db.rows(ctx, part.signal)
		if err := errors.Join(err, f.compare(rows)); err != nil {
			return err
		}
		r.say("  %d items of %s in %.0f s", rows, part.signal, took.Seconds())
	}
	return nil
}

// asker runs otlpctl with a database.
type asker struct{ otlpctl, url string }

func (a asker) ask(ctx context.Context, q question) (answer, error) {
	one := answer{question: q}
	times := make([]float64, repeats)
	for i := range times {
		began := time.Now()
		out, err := a.run(ctx, q.args...)
		if err != nil {
			return one, err
		}
		times[i] = time.Since(began).Seconds()
		one.lines = bytes.Count(out, []byte("\n"))
	}
	one.took = report.SpreadOf(times)
	return one, nil
}

// field returns a field of the only line of an answer.
func (a asker) field(ctx context.Context, n int, args ...string) (string, error) {
	out, err := a.run(ctx, args...)
	if err != nil {
		return "", err
	}
	fields := strings.Split(strings.TrimSpace(string(out)), "\t")
	if n >= len(fields) || fields[n] == "" {
		return "", fmt.Errorf("otlpctl %s: no field %d in %q", strings.Join(args, " "), n, out)
	}
	return fields[n], nil
}

func (a asker) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, a.otlpctl, args...)
	cmd.Env = []string{"APP__DATABASE__URL=" + a.url}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("otlpctl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return out, nil
}
