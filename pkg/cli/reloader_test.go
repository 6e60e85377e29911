package cli

import (
	"errors"
	"io"
	"log/slog"
	"slices"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/receiver"
	"github.com/otlpctl/otlpctl/receiver/export/otlp"
)

// A configuration that was refused takes effect when what it lacks has come, such as
// a certificate: its files are watched beside those of the one in use. However often
// it is refused, that is no more files.
func TestReloaderWatchesWhatWasRefused(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	// Never run, it refuses every change.
	r, err := receiver.New(t.Context(), receiver.DefaultConfig(), receiver.Deps{Log: log, Stdout: io.Discard, Stderr: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Discard(t.Context()) })
	refused := config.Loaded{Config: receiver.DefaultConfig(), Watch: []string{"next.yaml"}}
	refused.Config.Service.Reload.Watch = true
	exporter := otlp.DefaultConfig()
	exporter.TLS.CAFile = "ca.pem"
	refused.Config.Exporters["otlp"] = &exporter
	var fault error
	reloader := &reloader{
		load: func() (config.Loaded, error) { return refused, fault },
		log:  log, receiver: r,
		loaded: config.Loaded{Config: receiver.DefaultConfig(), Watch: []string{"used.yaml"}},
	}
	f := func(want ...string) {
		t.Helper()
		for range 3 {
			if reloader.reload(t.Context()) == nil {
				t.Fatal("it was not refused")
			}
			got := slices.Sorted(slices.Values(reloader.watched()))
			if !slices.Equal(got, want) {
				t.Errorf("watched are %q, want %q", got, want)
			}
		}
	}
	f("ca.pem", "next.yaml", "used.yaml")
	fault = errors.New("invalid")
	f("ca.pem", "next.yaml", "used.yaml")
}
