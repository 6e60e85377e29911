package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

type options struct {
	database string
	signal   string
	rounds   int
	items    int
	steady   time.Duration
	rate     int
	spans    int
	profile  string
	markdown string

	signals []signal.Signal // those that signal selects
}

func (o *options) parse(args []string, messages io.Writer) error {
	f := flag.NewFlagSet("benchdatabase", flag.ContinueOnError)
	f.SetOutput(messages)
	f.StringVar(&o.database, "database", "", "only this `kind`: postgres or sqlite; both by default")
	f.StringVar(&o.signal, "signal", "", "write only this `signal`: traces, metrics or logs")
	f.IntVar(&o.rounds, "rounds", 3, "how often each signal is written as fast as possible; 0 leaves that out")
	f.IntVar(&o.items, "items", 300_000, "`items` of one round; a quarter more warms up")
	f.DurationVar(&o.steady, "steady", 0, "write spans for this `duration`, and watch the memory")
	f.IntVar(&o.rate, "rate", 0, "`spans` a second meanwhile; the default is half of what is possible")
	f.IntVar(&o.spans, "spans", 1_000_000, "ask a database with so many `spans`; 0 leaves that out")
	f.StringVar(&o.profile, "profile", "", "write CPU profiles of the receiver to this `folder`")
	f.StringVar(&o.markdown, "o", "", "also write the tables to this `file`")
	if err := f.Parse(args); err != nil {
		return err
	}
	err := o.check(f)
	if err != nil {
		_, _ = fmt.Fprintln(messages, "benchdatabase:", err)
	}
	return err
}

func (o *options) check(f *flag.FlagSet) error {
	if f.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if o.rounds < 0 || o.steady < 0 || o.rate < 0 || o.spans < 0 {
		return errors.New("-rounds, -steady, -rate and -spans must not be negative")
	}
	if least := 4 * ofRequest; o.items < least || o.items%least != 0 || o.spans%(10*ofRequest) != 0 {
		return fmt.Errorf("-items must be a multiple of %d, and -spans of %d", least, 10*ofRequest)
	}
	if o.database != "" && o.database != postgresKind && o.database != sqliteKind {
		return fmt.Errorf("-database %q: want %s or %s", o.database, postgresKind, sqliteKind)
	}
	o.signals = signal.All()
	if o.signal != "" {
		one, err := signal.Parse(o.signal)
		if err != nil {
			return fmt.Errorf("-signal: %w", err)
		}
		o.signals = []signal.Signal{one}
	}
	return nil
}

// wants says whether a kind of database is asked for.
func (o *options) wants(kind string) bool { return o.database == "" || o.database == kind }
