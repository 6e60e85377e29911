package measure

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/otlpctl/otlpctl/e2e/bench/generator"
	"github.com/otlpctl/otlpctl/e2e/bench/rawgrpc"
	"github.com/otlpctl/otlpctl/e2e/bench/rawsink"
	"github.com/otlpctl/otlpctl/e2e/bench/worker"
)

// StartGenerator starts a process that Generate makes a generator. program is what becomes one with "generate" and an
// argument, cpus a list for taskset(1), and stderr takes what it says.
func StartGenerator(ctx context.Context, program string, spec generator.Spec, cpus string, stderr io.Writer) (*worker.Worker, error) {
	text, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	return worker.Start(ctx, worker.Spec{
		Name: "generator", Path: program, Args: []string{"generate", string(text)}, CPUs: cpus, Stderr: stderr,
	})
}

// Generate is the generator's process: spec is the argument that Bench gave it.
func Generate(ctx context.Context, spec string, in io.Reader, out io.Writer) error {
	var s generator.Spec
	if err := json.Unmarshal([]byte(spec), &s); err != nil {
		return fmt.Errorf("generator: %w", err)
	}
	rawgrpc.RegisterPrecompressed()
	g, err := generator.New(s)
	if err != nil {
		return err
	}
	defer g.Close()
	return worker.Serve(in, out, func(run generator.Run) (generator.Result, error) { return g.Run(ctx, run) })
}

// Sink is the sink's process; each call, whatever it holds, is answered with the count so far.
func Sink(ctx context.Context, grpcAddr, httpAddr string, in io.Reader, out io.Writer) error {
	rawgrpc.RegisterPrecompressed()
	s, err := rawsink.Start(ctx, grpcAddr, httpAddr)
	if err != nil {
		return err
	}
	defer s.Close()
	return worker.Serve(in, out, func(struct{}) (rawsink.Count, error) { return s.Count(), nil })
}
