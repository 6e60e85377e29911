package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/load"
	"github.com/otlpctl/otlpctl/pkg/term"
)

func runSend(cmd *cobra.Command, s term.Streams, o sendOptions) (err error) {
	ctx := cmd.Context()
	files, err := openRecordings(s.In, o.files)
	if err != nil {
		return usageError(cmd, err)
	}
	defer func() { err = errors.Join(err, files.close()) }()
	client, err := load.NewClient(ctx, o.target.bySignal, registries().Open)
	if err != nil {
		return usageError(cmd, inFlags(err))
	}
	defer func() { err = errors.Join(err, client.Close(ctx)) }()
	report := sendReport{options: o}
	if len(o.files) > 0 {
		err = report.sendFiles(ctx, s, client, files)
	} else {
		err = report.sendSample(ctx, client)
	}
	if report.Signals == nil {
		return err
	}
	return errors.Join(report.write(s), report.verdict(), err)
}

// sendSample sends telemetry of its own, and looks for it if that was asked for.
func (r *sendReport) sendSample(ctx context.Context, client *load.Client) (err error) {
	var finder *storeFinder
	if r.options.check {
		if finder, err = r.options.checks.open(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, finder.Close()) }()
	}
	sample, err := load.NewSample(string(r.options.service), time.Now(), rand.Reader)
	if err != nil {
		return err
	}
	r.TraceID = sample.TraceID
	if err := r.sendAll(ctx, client, &sample); err != nil {
		return err
	}
	if ctx.Err() != nil || finder == nil {
		return ctx.Err()
	}
	return r.await(ctx, finder, &sample)
}

// sendAll sends all signals at a time: one that is not answered does not hold up the others.
func (r *sendReport) sendAll(ctx context.Context, client *load.Client, sample *load.Sample) error {
	signals := r.options.signals
	answers, errs := make([]load.Answer, len(signals)), make([]error, len(signals))
	var all sync.WaitGroup
	for i, sig := range signals {
		all.Go(func() {
			request, items, err := sample.Request(sig)
			if err != nil {
				errs[i] = err
				return
			}
			answers[i] = client.Send(ctx, sig, request, items)
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for i, sig := range signals {
		r.add(sig, answers[i])
	}
	return nil
}
