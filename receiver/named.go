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
	at := opener(func(c otlp.Config) (*otlp.Exporter, error) { return otlp.New(c, b.pool, log) })
	if !balanced.Named(c.Endpoint) {
		return at(*c)
	}
	open := func(addr string) (pipeline.Exporter, error) { return at(c.At(addr)) }
	return b.balanced(ctx, c.Endpoint, c.Balance, open, log)
}

// otlphttp is otlp over HTTP.
func (b *builder) otlphttp(ctx context.Context, c *otlphttp.Config, log *slog.Logger) (pipeline.Exporter, error) {
	at := opener(func(c otlphttp.Config) (*otlphttp.Exporter, error) { return otlphttp.New(c, b.pool, log) })
	if !balanced.Named(c.Endpoint) {
		return at(*c)
	}
	open := func(addr string) (pipeline.Exporter, error) { return at(c.At(addr)) }
	return b.balanced(ctx, c.Endpoint, c.Balance, open, log)
}

// opener returns create with exporters as a pipeline has them: beside an error there is none, and not one of type nil.
func opener[C any, E pipeline.Exporter](create func(C) (E, error)) func(C) (pipeline.Exporter, error) {
	return func(c C) (pipeline.Exporter, error) {
		e, err := create(c)
		if err != nil {
			return nil, err
		}
		return e, nil
	}
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
