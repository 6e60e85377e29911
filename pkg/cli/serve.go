package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/discovery/register"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver"
	"github.com/otlpctl/otlpctl/receiver/admin"
	"github.com/otlpctl/otlpctl/receiver/export/database/sqlite"
)

type serveOptions struct {
	config      configOptions
	healthCheck bool
	embedded    string // the file of the embedded store, if there is one
}

func newServe(s term.Streams) *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Receive telemetry, batch it and send it on",
		Long: `Receive traces, metrics and logs over OTLP, batch them and send them on, until a signal
says to stop. The configuration is that of the OpenTelemetry Collector. Without any,
OTLP is received on ports 4317 (gRPC) and 4318 (HTTP) and summarised on the terminal; on
a terminal the last hour is also kept for 'otlpctl traces' and 'otlpctl query'.

The configuration is read from config/default.yaml, config/$ENV.yaml, --config, APP__…
variables and --set, each overriding those before.

SIGHUP, a change of a file and, with admin.reload, POST /reload on the admin port read the
configuration again. No connection is refused and nothing is lost meanwhile; what is
invalid is logged and changes nothing.

The first SIGINT or SIGTERM drains what was accepted and prints what became of it: lost
items make the exit code 1. A second signal gives up what is not delivered yet and says how
much that is. A third kills.`,
		Example: `  # Receive on the usual ports and show what arrives
  otlpctl serve

  # A configuration, and the settings of one environment on top
  otlpctl serve --config otel.yaml --config production.yaml

  # One value, from the command line or from the environment
  otlpctl serve --config otel.yaml --set exporters.otlp.endpoint=backend:4317
  APP__SERVER__PORT=5317 otlpctl serve

  # The health check of a container that runs the line above
  otlpctl serve --config otel.yaml --config production.yaml --health-check`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return runServe(cmd.Context(), s, o) },
	}
	configFlags(cmd, &o.config)
	cmd.Flags().BoolVar(&o.healthCheck, "health-check", false, "ask the receiver that has this configuration whether it is alive, and exit")
	return cmd
}

func runServe(ctx context.Context, s term.Streams, o serveOptions) error {
	loaded, err := o.load(s)
	if err != nil {
		return err
	}
	if o.healthCheck {
		return healthOf(ctx, s, loaded.Config.Admin)
	}
	printWarnings(s, loaded.Warnings)
	if o.embed(s, &loaded); o.embedded != "" {
		note(s.Err, "the last hour is kept, up to %d MiB, in %s: see it with otlpctl traces", embeddedMiB, s.Err.Printable(tilde(o.embedded)))
	}
	return nameElsewhere(serve(ctx, s, func() (config.Loaded, error) { return o.load(s) }, loaded))
}

// healthOf asks the receiver that has this admin port.
func healthOf(ctx context.Context, s term.Streams, port admin.Config) error {
	endpoint := port.Endpoint
	var conf *tls.Config
	if port.TLS != nil {
		endpoint = "https://" + endpoint
		var err error
		if conf, err = ownTLS(*port.TLS); err != nil {
			return fmt.Errorf("admin.tls: %w", err)
		}
	}
	target, err := healthURL(endpoint)
	if err != nil {
		return fmt.Errorf("admin.endpoint: %w", err)
	}
	return runHealth(ctx, s, target, healthTimeout, conf)
}

// load reads the configuration as serve uses it. On a terminal somebody is reading the log, unless
// JSON was asked for.
func (o serveOptions) load(s term.Streams) (config.Loaded, error) {
	loaded, err := config.Load(o.config.sources())
	if !loaded.Origins.Set("service.telemetry.logs.encoding") && s.Err.IsTerminal() {
		loaded.Config.Service.Telemetry.Logs.Encoding = "console"
	}
	if o.embedded != "" && err == nil && loaded.ByDefault() {
		keep(&loaded.Config, o.embedded)
	}
	return loaded, err
}

// serve runs a receiver until ctx is cancelled. Whatever it returns outranks the signal that ended
// it.
func serve(ctx context.Context, s term.Streams, load func() (config.Loaded, error), loaded config.Loaded) (err error) {
	defer surviveBrokenPipes()()
	hups, release := hangUps()
	defer release()
	logs, err := receiver.OpenLogs(loaded.Config.Service.Telemetry.Logs, s.Out, s.Err)
	if err != nil {
		return coded{placed(loaded, err), exitUsage}
	}
	defer func() { err = errors.Join(err, logs.Close()) }()
	// net/http has things to say that it asks nobody where to.
	slog.SetDefault(logs.Logger)
	plan, err := planDiscovery(loaded)
	if err != nil {
		return coded{err, exitUsage}
	}
	registrar := register.New(plan, logs.Logger)
	build := thisBuild()
	waits := drainSignals{apart: oneWish, offer: func() { offerToGiveUp(s) }}
	reloader := &reloader{load: load, log: logs.Logger, registrar: registrar, loaded: loaded, watch: filesOf(loaded)}
	reloader.watcher = config.NewWatcher(reloader.watched())
	r, err := receiver.New(ctx, loaded.Config, receiver.Deps{
		Log:        logs.Logger,
		Stdout:     s.Out,
		Stderr:     s.Err,
		Build:      admin.Build{Version: build.Version, Commit: build.Commit, Date: build.Date},
		ConfigHash: loaded.Hash,
		Memory:     receiver.PlanMemory(),
		Reload:     reloader.reload,
		ChangeLogs: logs.Change,
		Announcer:  registrar,
		Resolve:    registries().Open,
		Ready:      releaseStartPages,
		Draining:   waits.draining,
	})
	if err != nil {
		return coded{placed(loaded, err), startCode(err)}
	}
	reloader.receiver = r
	defer waits.hold()()
	receipt, err := runReloadable(ctx, s, r, reloader, hups)
	err = placed(loaded, err)
	printed := unlessStuck(func() error { return printReceipt(s.Out, receipt) })
	err = errors.Join(err, printed, balance(receipt))
	if err != nil {
		return coded{err, exitFailed}
	}
	return nil
}

// startCode is that of an invalid configuration, unless all that is wrong is the state of a database's file.
func startCode(err error) int {
	faults := receiver.Faults(err)
	if len(faults) == 0 || slices.ContainsFunc(faults, func(f *receiver.Fault) bool { return !sqlite.Mendable(f) }) {
		return exitUsage
	}
	return exitFailed
}

// runReloadable runs the receiver with its reloader beside it.
func runReloadable(ctx context.Context, s term.Streams, r *receiver.Receiver, reloader *reloader, hups <-chan os.Signal) (receiver.Receipt, error) {
	ctx, stop := context.WithCancel(ctx)
	var reloading sync.WaitGroup
	defer reloading.Wait()
	defer stop()
	reloading.Go(func() { reloader.run(ctx, s, hups, stop) })
	return r.Run(ctx)
}

// oneWish is how far apart signals may be that are one: who presses Ctrl-C may signal a process and its parent, and the
// parent passes it on.
const oneWish = 500 * time.Millisecond

// offerToGiveUp tells somebody at a terminal what to do when a receiver that was told to stop does not end.
func offerToGiveUp(s term.Streams) {
	if s.Err.IsTerminal() {
		note(s.Err, "still stopping: Ctrl-C again ends it, and gives up what is not delivered")
	}
}
