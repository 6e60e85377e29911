package e2e_test

import (
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/programs"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
)

// OpenTelemetry's own load generator delivers everything through otlpctl, over both transports.
func TestTelemetrygen(t *testing.T) {
	path := programs.Need(t, programs.Telemetrygen)
	f := func(sig signal.Signal, want int, args ...string) {
		for _, grpc := range []bool{true, false} {
			name := sig.String() + " http"
			if grpc {
				name = sig.String() + " grpc"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				behind := sink.Run(t)
				s := serve(t, forwarding(toSink(behind.GRPC()), "otlp"))
				args := append([]string{sig.String(), "--otlp-insecure", "--rate", "0", "--workers", "2"}, args...)
				if grpc {
					args = append(args, "--otlp-endpoint", s.grpc)
				} else {
					args = append(args, "--otlp-http", "--otlp-endpoint", s.http)
				}
				gen := process.Run(t, process.Spec{Name: "telemetrygen", Path: path, Args: args})
				if code, err := gen.Wait(t.Context()); err != nil || code != 0 {
					t.Fatalf("exit code %d, %v", code, err)
				}
				behind.WaitItems(t, sig, want, arrivalLimit)
				if got := behind.Items(sig); got != want {
					t.Errorf("%d items arrived, want %d", got, want)
				}
			})
		}
	}
	// Two workers; each trace is a parent with two children. Together they fit the SDK's queue of 2048 spans: without a
	// rate limit the generator itself drops what is beyond it.
	f(signal.Traces, 2*300*3, "--traces", "300", "--child-spans", "2")
	f(signal.Metrics, 2*1000, "--metrics", "1000", "--metric-type", "Histogram")
	f(signal.Logs, 2*1000, "--logs", "1000")
}
