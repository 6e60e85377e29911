// Package load sends telemetry to whatever takes OTLP, and tells what it answers: telemetry of its own making, whose
// arrival can be awaited, or telemetry that was recorded. It sends with the receiver's exporters, but one request after
// the other: it has no queue, and does not repeat what was refused.
package load

import "github.com/otlpctl/otlpctl/receiver/wire"

// Signals are those that can be sent, in the order in which they are.
func Signals() []wire.Signal { return []wire.Signal{wire.Traces, wire.Metrics, wire.Logs} }
