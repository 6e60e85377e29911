package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

type options struct {
	run         string
	full        bool
	list        bool
	rounds      int
	scale       float64
	connections int
	workers     int
	subject     string
	pin         string
	markdown    string
	json        string
	pod         bool
}

func (o *options) parse(args []string, messages io.Writer) error {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(messages)
	f.StringVar(&o.run, "run", "", "regular `expression`: only rows whose name matches, such as traces/grpc")
	f.BoolVar(&o.full, "full", false, "all rows, five rounds, three times the requests")
	f.BoolVar(&o.list, "list", false, "print the names of the selected rows and stop")
	f.IntVar(&o.rounds, "rounds", 3, "how often the two take turns")
	f.Float64Var(&o.scale, "scale", 1, "multiply the number of requests by this `factor`")
	f.IntVar(&o.connections, "connections", 4, "gRPC connections; over HTTP/1.1 each worker has its own")
	f.IntVar(&o.workers, "workers", 16, "requests in flight")
	f.StringVar(&o.subject, "subject", "otlpctl", "what is compared with the Collector: otlpctl, collector (which shows the noise), or the path of an otlpctl `binary`")
	f.StringVar(&o.pin, "pin", "", "CPU lists `SERVER:LOAD` for taskset, such as 0:1; nothing is pinned by default")
	f.StringVar(&o.markdown, "o", "", "also write the Markdown tables to this `file`")
	f.BoolVar(&o.pod, "pod", false, "the memory of otlpctl alone, in the room of its pod and at the CPU that the autoscaler aims at")
	f.StringVar(&o.json, "json", "", "write every run to this `file`")
	if err := f.Parse(args); err != nil {
		return err
	}
	err := o.check(f)
	if err != nil {
		_, _ = fmt.Fprintln(messages, "bench:", err)
	}
	return err
}

func (o *options) check(f *flag.FlagSet) error {
	if f.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if o.rounds < 1 || o.scale <= 0 || o.connections < 1 || o.workers < 1 {
		return errors.New("-rounds, -scale, -connections and -workers must be positive")
	}
	if o.pin != "" && strings.Count(o.pin, ":") != 1 {
		return fmt.Errorf("-pin %q: want SERVER:LOAD, such as 0:1", o.pin)
	}
	if o.full {
		given := make(map[string]bool)
		f.Visit(func(f *flag.Flag) { given[f.Name] = true })
		if !given["rounds"] {
			o.rounds = 5
		}
		if !given["scale"] {
			o.scale = 3
		}
	}
	return nil
}
