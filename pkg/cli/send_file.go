package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/load"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// recording is a file to send, open.
type recording struct {
	name string
	io.Reader

	closer io.Closer // nil for standard input
}

type recordings []recording

// openRecordings opens all files before anything is sent; - is in.
func openRecordings(in io.Reader, names []string) (_ recordings, err error) {
	var open recordings
	defer func() {
		if err != nil {
			err = errors.Join(err, open.close())
		}
	}()
	for _, name := range names {
		if name == "" {
			return open, errors.New("--file: it is empty: - is standard input")
		}
		if name == "-" {
			open = append(open, recording{"standard input", in, nil})
			continue
		}
		file, err := openRecording(name)
		if err != nil {
			return open, fmt.Errorf("--file %s: %w", name, err)
		}
		open = append(open, file)
	}
	return open, nil
}

// openRecording opens a file, up to what is in it now: the other end may be writing to it what it is sent.
func openRecording(name string) (recording, error) {
	file, err := os.Open(name) //nolint:gosec // G304: a file that the user names
	if fault, ok := errors.AsType[*fs.PathError](err); ok {
		return recording{}, fault.Err
	}
	info, err := file.Stat()
	switch {
	case err != nil:
		return recording{}, errors.Join(err, file.Close())
	case info.IsDir():
		return recording{}, errors.Join(errors.New("this is a directory"), file.Close())
	case info.Mode().IsRegular():
		return recording{name, io.LimitReader(file, info.Size()), file}, nil
	}
	return recording{name, file, file}, nil
}

func (r recordings) close() error {
	var errs []error
	for _, file := range r {
		if file.closer != nil {
			errs = append(errs, file.closer.Close())
		}
	}
	return errors.Join(errs...)
}

// sendFiles sends what is in files, up to the first request that is not taken, and looks for it if that was asked for.
func (r *sendReport) sendFiles(ctx context.Context, s term.Streams, client *load.Client, files recordings) (err error) {
	progress := &sendProgress{out: s.Err}
	defer progress.close()
	var ledger *sendLedger // nil unless it is looked for
	if r.options.check {
		finder, fault := r.options.checks.open(ctx)
		if fault != nil {
			return fault
		}
		defer func() { err = errors.Join(err, finder.Close()) }()
		ledger = newSendLedger(finder, r.options.checks.timeout, client, progress)
	}
	r.Signals = []sentSignal{}
	for _, file := range files {
		progress.begin(file.name)
		goesOn, err := r.sendFile(ctx, client, file, progress, ledger)
		progress.end(goesOn)
		if !goesOn {
			return cmp.Or(ctx.Err(), errors.Join(err, r.find(ctx, ledger, progress)))
		}
	}
	return r.find(ctx, ledger, progress)
}

// sendFile sends what is in a file, and returns false if something is wrong with it, or if something was not taken.
func (r *sendReport) sendFile(ctx context.Context, client *load.Client, file recording, progress *sendProgress, ledger *sendLedger) (goesOn bool, err error) {
	for record, err := range load.Read(interruptibly(ctx, file), r.options.signals) {
		switch {
		case ctx.Err() != nil:
			return false, ctx.Err()
		case err != nil:
			return false, r.stop(fmt.Errorf("%s: %w", file.name, unrecognized(err)))
		}
		progress.sent(record.Items)
		if !slices.Contains(r.options.signals, record.Signal) {
			r.Skipped += record.Items
			continue
		}
		place := file.name + ": " + record.Place
		if ledger != nil {
			ledger.place = place
		}
		if answer := r.add(record.Signal, client.Send(ctx, record.Signal, record.Request, record.Items)); answer.Err != nil {
			r.Place = place
			return false, ctx.Err()
		}
		if ledger != nil && ledger.Full() {
			if err := r.find(ctx, ledger, progress); err != nil {
				return false, err
			}
		}
	}
	if progress.items == 0 {
		return false, r.stop(fmt.Errorf("%s: there is no telemetry in it", file.name))
	}
	return true, ctx.Err()
}

// unrecognized adds what decides when protobuf does not say what it is.
func unrecognized(err error) error {
	if errors.Is(err, load.ErrUnrecognized) {
		return hinted.New(err, "say so: --signal traces, metrics or logs")
	}
	return err
}

// interruptibly returns a reader that ends with ctx, though from may not.
func interruptibly(ctx context.Context, from io.Reader) io.Reader {
	out, in := io.Pipe()
	context.AfterFunc(ctx, func() { _ = in.CloseWithError(ctx.Err()) })
	go func() {
		_, err := io.Copy(in, from)
		_ = in.CloseWithError(err)
	}()
	return out
}
