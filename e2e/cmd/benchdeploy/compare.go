package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/otlpctl/otlpctl/e2e/bench/report"
	"github.com/otlpctl/otlpctl/e2e/harness/kubernetes"
	"github.com/otlpctl/otlpctl/e2e/harness/programs"
)

// taken is what a step took once.
type taken struct {
	wall     time.Duration
	requests Requests
}

// results are what every step of every tool took, a round after another.
type results [][steps][]taken

// compare starts a cluster, lets the tools take turns, and prints the table.
func compare(ctx context.Context, out, messages io.Writer, o options) (err error) {
	b, stop, err := open(ctx, messages)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	all := tools()
	found := make(results, len(all))
	for round := range o.rounds + 1 { // the first fills caches, and does not count
		for turn := range all {
			i := (round + turn) % len(all)
			if err := b.round(ctx, messages, all[i], round, &found[i]); err != nil {
				return fmt.Errorf("%s, round %d: %w", all[i].name, round, err)
			}
		}
	}
	text := found.table(all, b.cluster.Version(), report.ThisMachine(ctx), o.rounds)
	if o.markdown != "" {
		if err := os.WriteFile(o.markdown, []byte(text), 0o644); err != nil {
			return err
		}
	}
	_, err = io.WriteString(out, text)
	return err
}

// open starts what everything happens on.
func open(ctx context.Context, messages io.Writer) (b *bench, stop func() error, err error) {
	b = &bench{}
	var undo []func() error
	stop = func() error {
		var faults []error
		for i := range undo {
			faults = append(faults, undo[len(undo)-1-i]())
		}
		return errors.Join(faults...)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, stop())
		}
	}()
	if b.dir, err = os.MkdirTemp("", "otlpctl-benchdeploy-*"); err != nil {
		return nil, nil, err
	}
	undo = append(undo, func() error { return os.RemoveAll(b.dir) })
	b.config, b.kubeconfig, b.home = filepath.Join(b.dir, "otel.yaml"), filepath.Join(b.dir, "kubeconfig"), filepath.Join(b.dir, "home")
	_, _ = fmt.Fprintln(messages, "building …")
	if err := b.build(ctx); err != nil {
		return nil, nil, err
	}
	if b.cluster, err = kubernetes.Start(ctx, kubernetes.Options{}); err != nil {
		return nil, nil, err
	}
	undo = append(undo, func() error { return b.cluster.Stop(ctx) })
	if b.proxy, err = startProxy(ctx, b.cluster); err != nil {
		return nil, nil, err
	}
	undo = append(undo, b.proxy.server.Close)
	return b, stop, b.furnish(ctx)
}

// build builds the programs that deploy.
func (b *bench) build(ctx context.Context) (err error) {
	if b.otlpctl, err = programs.Otlpctl(ctx, b.dir); err != nil {
		return err
	}
	b.helm, err = programs.Helm(ctx)
	return err
}

// furnish writes the files that all commands share, and brings the image to the nodes.
func (b *bench) furnish(ctx context.Context) error {
	err := errors.Join(
		os.Mkdir(b.home, 0o755),
		os.WriteFile(b.config, []byte(base), 0o644),
		os.WriteFile(b.kubeconfig, []byte(b.proxy.kubeconfig()), 0o600),
	)
	if err != nil {
		return err
	}
	archive := filepath.Join(b.dir, "image.tar")
	if _, err := b.run(ctx, b.otlpctl, "image", "build", "--binary", b.otlpctl, "--tag", image, "--output", "docker-archive:"+archive); err != nil {
		return err
	}
	return b.cluster.LoadImage(ctx, archive)
}

// round has a tool do all steps in a new namespace, which is gone in the end. Round 0 is kept nowhere.
func (b *bench) round(ctx context.Context, messages io.Writer, t tool, round int, into *[steps][]taken) error {
	s, err := b.prepare(ctx, fmt.Sprintf("%s-%d", t.name, round))
	if err != nil {
		return err
	}
	for do := range steps {
		one, err := s.measure(ctx, t.commands(s, do))
		if err != nil {
			return fmt.Errorf("%s: %w", do, err)
		}
		_, _ = fmt.Fprintf(messages, "%-8s %-18s %6.2f s  %+v\n", t.name, do, one.wall.Seconds(), one.requests)
		if round > 0 {
			into[do] = append(into[do], one)
		}
	}
	_, err = b.cluster.Kubectl(ctx, "delete", "namespace", s.namespace)
	return err
}

// measure runs commands one after another.
func (s site) measure(ctx context.Context, commands [][]string) (taken, error) {
	s.proxy.take()
	began := time.Now()
	for _, command := range commands {
		if _, err := s.run(ctx, command[0], command[1:]...); err != nil {
			return taken{}, err
		}
	}
	return taken{time.Since(began), s.proxy.take()}, nil
}
