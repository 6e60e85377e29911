// Package wire knows OTLP at the level of protobuf's wire format: it validates,
// counts, cleans and splits encoded Export…ServiceRequest messages without
// decoding them, and it holds the one table of OTLP's messages that everything
// else is driven by. It does no I/O, keeps no state and never retains an input.
package wire

// Signal is a kind of telemetry. A signal is data: no code outside this package
// branches on which one it is.
type Signal uint8

// The signals of OTLP. Profiles is in Development and off by default.
const (
	Traces Signal = iota
	Metrics
	Logs
	Profiles
	numSignals
)

// signalInfo is what differs between signals.
type signalInfo struct {
	name    string
	item    string
	method  string
	path    string
	request MessageID
	merges  bool
}

//nolint:gochecknoglobals // immutable table
var signals = [numSignals]signalInfo{
	Traces: {
		name: "traces", item: "spans", request: ExportTraceServiceRequest, merges: true,
		method: "/opentelemetry.proto.collector.trace.v1.TraceService/Export", path: "/v1/traces",
	},
	Metrics: {
		name: "metrics", item: "data_points", request: ExportMetricsServiceRequest, merges: true,
		method: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", path: "/v1/metrics",
	},
	Logs: {
		name: "logs", item: "log_records", request: ExportLogsServiceRequest, merges: true,
		method: "/opentelemetry.proto.collector.logs.v1.LogsService/Export", path: "/v1/logs",
	},
	Profiles: {
		name: "profiles", item: "profiles", request: ExportProfilesServiceRequest,
		method: "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export", path: "/v1development/profiles",
	},
}

// Signals returns every signal, in a fixed order.
func Signals() []Signal { return []Signal{Traces, Metrics, Logs, Profiles} }

// ParseSignal returns the signal with the given name ("traces", "metrics", …).
func ParseSignal(name string) (Signal, bool) {
	for s := range numSignals {
		if signals[s].name == name {
			return s, true
		}
	}
	return 0, false
}

// String returns the signal's name as it stands in a configuration: "traces".
func (s Signal) String() string { return signals[s].name }

// ItemNoun returns what one item of the signal is called in OTLP's partial
// success messages: "spans", "data_points", "log_records" or "profiles".
func (s Signal) ItemNoun() string { return signals[s].item }

// Method returns the full gRPC method name of the signal's Export call.
func (s Signal) Method() string { return signals[s].method }

// Path returns the default HTTP path of the signal (OTLP specification, "OTLP/HTTP Request").
func (s Signal) Path() string { return signals[s].path }

// Request returns the message that an Export call of the signal carries.
func (s Signal) Request() MessageID { return signals[s].request }

// Merges reports whether concatenating two encoded requests gives their union.
// It does not for profiles, whose items refer to a dictionary in their own request.
func (s Signal) Merges() bool { return signals[s].merges }
