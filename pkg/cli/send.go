package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/load"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

const (
	// sendTimeout is what OpenTelemetry's SDKs wait for an answer.
	sendTimeout = 10 * time.Second
	// sendService is service.name of the telemetry that send makes.
	sendService = "otlpctl-send"
	// serviceVariable names the service in place of that.
	serviceVariable = "OTEL_SERVICE_NAME"
)

type sendOptions struct {
	target  sendTarget
	service word
	signals signalsFlag
	files   []string
	check   bool
	checks  sendCheck
	format  output.Format
}

func newSend(s term.Streams) *cobra.Command {
	o := sendOptions{service: sendService}
	cmd := &cobra.Command{
		Use:   "send [ENDPOINT]",
		Short: "Send a trace, metrics and a log record, to see whether they arrive",
		Long: `Send a trace, three metrics and a log record to whatever takes OTLP, and show what it answers.
They belong together by the ID of the trace, which metrics have as attribute otlpctl.send.id.

ENDPOINT is localhost:4317 by default, and may be:

  HOST:PORT                     gRPC, or HTTP if the port is 4318: with TLS, unless it is on this
                                machine or --insecure says otherwise
  http[s]://HOST[:PORT][/PATH]  HTTP, or gRPC if the port is 4317; /v1/traces and so on are appended
  unix:///PATH                  gRPC through a socket
  consul:///NAME and others     an instance of a service, as in otlpctl resolve: with TLS, unless
                                --insecure is given

Without ENDPOINT or a flag, the variables of OpenTelemetry's SDKs say where and how:
OTEL_EXPORTER_OTLP_ENDPOINT, _PROTOCOL, _HEADERS, _COMPRESSION, _TIMEOUT, _INSECURE, _CERTIFICATE,
_CLIENT_CERTIFICATE and _CLIENT_KEY, also for one signal (OTEL_EXPORTER_OTLP_TRACES_ENDPOINT), and
OTEL_SERVICE_NAME. If they name another endpoint than ENDPOINT, none of them counts: headers are for
whom they were meant.

With --file, recorded telemetry is sent instead: OTLP/JSON, one document after the other, as the
file exporter and otlpctl query write it, or protobuf, which is one request or requests behind their
length, compressed with zstd or not. Of which signal protobuf is, shows by its messages; if not,
--signal says so. Otherwise, --signal leaves out what is of other signals. Files may be of any size;
what is in them goes out in their order, up to the first request that is not taken.

With --check, what was accepted has to be found in a database, too: in the one that --database names,
or else the one that otlpctl query asks. What is in files is found by what it says, item by item, as the
database tells items apart: when something on the way has changed it, it is another one.

Exit 0 if everything was accepted. A partial success is exit 1.`,
		Example: `  # Does the receiver on this machine take telemetry?
  otlpctl send

  # Does the gateway, with the token that a variable has?
  otlpctl send https://gateway.example.com:4318 -H 'authorization=Bearer ${env:TOKEN}'

  # An instance of a service, and the ID of the trace
  otlpctl send consul:///otlp-receiver --insecure -o json | jq -r .trace_id

  # Does it arrive in the database behind it?
  otlpctl send gateway:4317 --check --database "$DATABASE_URL"

  # What was recorded yesterday
  otlpctl send --file traces.json --file logs.binpb
  zstd -dc archive.json.zst | otlpctl send --file -

  # Has all of an archive arrived?
  otlpctl send gateway:4317 --file archive.json --check --database "$DATABASE_URL"`,
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				if args[0] == "" {
					return usageError(cmd, errors.New("ENDPOINT is empty: leave it out for the default"))
				}
				o.target.endpoint = args[0]
			}
			if err := o.complete(cmd, os.LookupEnv); err != nil {
				return usageError(cmd, err)
			}
			return runSend(cmd, s, o)
		},
	}
	cmd.ValidArgsFunction = completeSchemes
	o.flags(cmd)
	return cmd
}

func (o *sendOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	o.target.flags(cmd)
	f.Var(&o.service, "service", "`name` of the service that the telemetry is of")
	f.Var(&o.signals, "signal", "`signal` to send: traces, metrics or logs; may be repeated (default all)")
	f.StringArrayVar(&o.files, "file", nil, "send what is in this `file`, - for standard input; may be repeated")
	f.BoolVar(&o.check, "check", false, "wait until what was sent is found in a database")
	o.checks.flags(cmd)
	offer(cmd, "signal", signalNames()...)
	formatFlag(cmd, &o.format)
}

// complete checks what flags say together, and adds what the environment says.
func (o *sendOptions) complete(cmd *cobra.Command, env func(string) (string, bool)) error {
	changed := cmd.Flags().Changed
	switch {
	case len(o.files) > 0 && changed("service"):
		return errors.New("--service is for telemetry that is made here: what is in a --file has its own")
	case !o.check && (changed("database") || changed("check-timeout")):
		return errors.New("--database and --check-timeout go with --check")
	case changed("database") && o.checks.database == "":
		return errors.New("--database: it is empty: leave the flag out for the default")
	case o.check && o.checks.timeout <= 0:
		return fmt.Errorf("--check-timeout %s: want more than 0", o.checks.timeout)
	}
	if name, _ := env(serviceVariable); name != "" && !changed("service") {
		o.service = word(name)
	}
	if len(o.signals) == 0 {
		o.signals = load.Signals()
	}
	return o.target.complete(cmd, o.signals, env)
}

// signalsFlag is the value of --signal: those named, in the order in which they are sent.
type signalsFlag []wire.Signal

func signalNames() []string {
	var names []string
	for _, sig := range load.Signals() {
		names = append(names, sig.String())
	}
	return names
}

func (f *signalsFlag) String() string { return "" }

// Type names the value in help texts.
func (*signalsFlag) Type() string { return "signal" }

// Set adds a signal.
func (f *signalsFlag) Set(text string) error {
	sig, known := wire.ParseSignal(text)
	if !known || !slices.Contains(load.Signals(), sig) {
		return errors.New("want traces, metrics or logs")
	}
	*f = append(*f, sig)
	slices.Sort(*f)
	*f = slices.Compact(*f)
	return nil
}
