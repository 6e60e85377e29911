package measure

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/otlpctl/otlpctl/e2e/bench/generator"
	"github.com/otlpctl/otlpctl/e2e/bench/rawsink"
	"github.com/otlpctl/otlpctl/e2e/bench/worker"
	"github.com/otlpctl/otlpctl/e2e/harness/cgroups"
	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const (
	startLimit = 30 * time.Second
	drainLimit = 60 * time.Second
)

// System is a server to measure.
type System struct {
	Name  string // of the program, for people
	Path  string
	Args  []string // before the path of the configuration
	Admin bool     // has otlpctl's admin port, and its extra settings
	Env   []string // beside PATH and HOME
	Group string   // the control group that it runs in; empty is this process's own
}

// Bench measures systems with one kind of generator and sink.
type Bench struct {
	Worker      string // program that becomes the generator with "generate" and the sink with "sink" as its argument
	Dir         string // for configurations and logs
	Connections int
	Workers     int
	Scale       float64   // multiplies the rows' number of requests
	Log         io.Writer // takes what generator and sink write to their standard error
	ServerCPUs  string    // list for taskset(1); empty pins nothing
	LoadCPUs    string    // the same for generator and sink
}

// Run is one measurement.
type Run struct {
	System, Row string
	Requests    int
	Items       int64
	CPU         time.Duration // of the server, from the first measured request until the last item left it
	Wall        time.Duration // of sending
	P50, P99    time.Duration
	PeakRSS     int64         // bytes, over the server's life
	IdleRSS     int64         // bytes, before the first request
	Start       time.Duration // from exec to open ports
	OutRequests int64         // requests that the sink received
}

// CPUPerItem returns the figure that counts.
func (r Run) CPUPerItem() time.Duration { return r.CPU / time.Duration(max(1, r.Items)) }

// Run starts a server, warms it up, sends the row's load, and waits for every item at the sink. A lost or failed item
// makes the run void.
func (b Bench) Run(ctx context.Context, s System, row Row) (Run, error) {
	r, err := b.run(ctx, s, row)
	if err != nil {
		return Run{}, fmt.Errorf("%s, %s: %w", s.Name, row.Name, err)
	}
	return r, nil
}

func (b Bench) run(ctx context.Context, s System, row Row) (Run, error) {
	r := Run{System: s.Name, Row: row.Name}
	load, stop, err := b.start(ctx, s, row, &r)
	if err != nil {
		return Run{}, err
	}
	defer stop()
	requests := b.requests(row)
	if _, err := load.send(ctx, generator.Run{Requests: requests / 4, Rate: row.Rate}); err != nil {
		return Run{}, fmt.Errorf("warm up: %w", err)
	}
	before, err := load.server.Usage()
	if err != nil {
		return Run{}, err
	}
	seen, err := load.send(ctx, generator.Run{Requests: requests, Rate: row.Rate})
	if err != nil {
		return Run{}, err
	}
	after, err := load.server.Usage()
	if err != nil {
		return Run{}, err
	}
	r.Requests, r.Items, r.CPU = requests, row.Items(requests), after.CPU-before.CPU
	r.Wall, r.P50, r.P99 = seen.Wall, seen.P50, seen.P99
	r.PeakRSS, r.OutRequests = after.PeakRSS, load.arrived.Requests
	return r, nil
}

// start starts sink, server and generator, and notes how the server has started.
func (b Bench) start(ctx context.Context, s System, row Row, r *Run) (_ *load, stop func(), err error) {
	var running []func()
	stop = func() {
		for _, end := range slices.Backward(running) {
			end()
		}
	}
	defer func() {
		if err != nil {
			stop()
		}
	}()
	addrs, err := loopback.Addrs(ctx, 5)
	if err != nil {
		return nil, nil, err
	}
	at := ports{grpc: addrs[0], http: addrs[1], admin: addrs[2], sinkGRPC: addrs[3], sinkHTTP: addrs[4]}
	l := &load{row: row}
	l.sink, err = worker.Start(ctx, worker.Spec{
		Name: "sink", Path: b.Worker, Args: []string{"sink", at.sinkGRPC, at.sinkHTTP}, CPUs: b.LoadCPUs, Stderr: b.Log,
	})
	if err != nil {
		return nil, nil, err
	}
	running = append(running, func() { _ = l.sink.Close() })
	if l.server, err = b.serve(ctx, s, row, at, r); err != nil {
		return nil, nil, err
	}
	running = append(running, func() { _, _ = l.server.Stop() }) // what it costs was read
	if l.generator, err = b.generator(ctx, row, at); err != nil {
		return nil, nil, err
	}
	running = append(running, func() { _ = l.generator.Close() })
	return l, stop, nil
}

func (b Bench) requests(row Row) int {
	if row.Rate > 0 {
		return int(float64(row.Rate) * row.Length.Seconds() * b.Scale)
	}
	return int(float64(row.Requests) * b.Scale)
}

func (b Bench) serve(ctx context.Context, s System, row Row, at ports, r *Run) (*process.Process, error) {
	config := filepath.Join(b.Dir, s.Name+".yaml")
	if err := os.WriteFile(config, []byte(s.config(row, at)), 0o600); err != nil {
		return nil, err
	}
	path, args, err := s.command(config)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	server, err := process.Start(ctx, process.Spec{
		Name: s.Name, Path: path, Args: args, Env: s.Env, Dir: b.Dir, CPUs: b.ServerCPUs,
	})
	if err != nil {
		return nil, err
	}
	if err := server.WaitListening(ctx, startLimit, at.grpc, at.http); err != nil {
		_, _ = server.Stop() // the reason is in err
		return nil, err
	}
	r.Start = time.Since(began)
	usage, err := server.Usage()
	if err != nil {
		return nil, err
	}
	r.IdleRSS = usage.RSS
	return server, nil
}

// command returns how the system is started.
func (s System) command(config string) (path string, args []string, err error) {
	args = append(slices.Clip(s.Args), config)
	if s.Group == "" {
		return s.Path, args, nil
	}
	return cgroups.Inside(s.Group, s.Path, args)
}

func (b Bench) generator(ctx context.Context, row Row, at ports) (*worker.Worker, error) {
	spec := generator.Spec{
		Shape: row.Shape, Transport: row.Transport, Addr: at.grpc, Connections: b.Connections, Workers: b.Workers,
	}
	if row.Transport == generator.HTTP {
		spec.Addr = at.http
	}
	return StartGenerator(ctx, b.Worker, spec, b.LoadCPUs, b.Log)
}

// load is one running trio.
type load struct {
	server          *process.Process
	sink, generator *worker.Worker
	row             Row
	sent            int64 // items
	arrived         rawsink.Count
}

// send lets the generator run and waits until the sink has all of it.
func (l *load) send(ctx context.Context, run generator.Run) (generator.Result, error) {
	var seen generator.Result
	if err := l.generator.Call(run, &seen); err != nil {
		return seen, fmt.Errorf("%w\n%s", err, l.server.Tail(2000))
	}
	l.sent += l.row.Items(seen.Requests)
	err := wait.Until(ctx, drainLimit, fmt.Sprintf("%d items at the sink", l.sent), func() (bool, error) {
		if err := l.sink.Call(struct{}{}, &l.arrived); err != nil {
			return false, err
		}
		if l.arrived.Items > l.sent {
			return false, fmt.Errorf("%d items arrived, more than were sent", l.arrived.Items)
		}
		return l.arrived.Items == l.sent, nil
	})
	if err != nil {
		return seen, fmt.Errorf("%w (%d arrived)\n%s", err, l.arrived.Items, l.server.Tail(2000))
	}
	return seen, nil
}
