package receiver

import (
	"context"
	"log/slog"

	"github.com/otlpctl/otlpctl/receiver/export/balanced"
	"github.com/otlpctl/otlpctl/receiver/export/otlp"
	"github.com/otlpctl/otlpctl/receiver/export/otlphttp"
	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// otlp makes an exporter to an address, or to the instances of a service.
func (b *builder) otlp(ctx context.Context, c *otlp.Config, log *slog.Logger) (pipeline.Exporter, error) {
	at := func(c otlp.Config) (pipeline.Exporter, error) {
		e, err := otlp.New(c, b.pool, log)
		if err != nil {
			return nil, err // no exporter of type nil
		}
		return e, nil
	}
	if !balanced.Named(c.Endpoint) {
		return at(*c)
	}
	open := func(addr string) (pipeline.Exporter, error) { return at(c.At(addr)) }
	return b.balanced(ctx, c.Endpoint, c.Balance, open, log)
}

// otlphttp is otlp over HTTP.
func (b *builder) otlphttp(ctx context.Context, c *otlphttp.Config, log *slog.Logger) (pipeline.Exporter, error) {
	at := func(c otlphttp.Config) (pipeline.Exporter, error) {
		e, err := otlphttp.New(c, b.pool, log)
		if err != nil {
			return nil, err // no exporter of type nil
		}
		return e, nil
	}
	if !balanced.Named(c.Endpoint) {
		return at(*c)
	}
	open := func(addr string) (pipeline.Exporter, error) { return at(c.At(addr)) }
	return b.balanced(ctx, c.Endpoint, c.Balance, open, log)
}

// trialAddr stands for an instance while there is none. Nothing is sent to it.
const trialAddr = "localhost:1"

// balanced makes an exporter to the instances of the service that the endpoint names.
func (b *builder) balanced(ctx context.Context, endpoint string, c balanced.Config, open func(addr string) (pipeline.Exporter, error), log *slog.Logger) (pipeline.Exporter, error) {
	if b.deps.Resolve == nil {
		return nil, invalid.Key("endpoint", "names a service, and nothing here can find its instances")
	}
	source, err := b.deps.Resolve(endpoint)
	if err != nil {
		return nil, invalid.At("endpoint", err)
	}
	trial, err := open(trialAddr) // what is wrong is to be known before there is something to send
	if err != nil {
		return nil, err
	}
	e := balanced.New(c, balanced.Deps{Source: source, Name: balanced.Shown(endpoint), Open: open, Pool: b.pool, Log: log})
	return e, trial.Close(ctx)
}
