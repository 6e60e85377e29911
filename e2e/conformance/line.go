// Package conformance measures how a running process keeps OTLP: one check for each line of the protocol, from
// outside, with raw requests in front of the process and a scripted backend behind it. The same checks run against
// otlpctl and against the OpenTelemetry Collector, with the same configuration, so that two results for a line mean
// the same thing.
package conformance

import "context"

// Verdict is the outcome of a check.
type Verdict int

// The verdicts. A check asks several questions: Partial means that some answers were as the line demands, and others not.
const (
	Observed Verdict = iota // nothing was demanded
	Pass
	Partial
	Fail
)

// String returns the verdict in one word; Observed has none.
func (v Verdict) String() string {
	switch v {
	case Pass:
		return "pass"
	case Partial:
		return "partial"
	case Fail:
		return "fail"
	default:
		return ""
	}
}

// Result is what a check saw.
type Result struct {
	Verdict Verdict
	Seen    string   // one short observation, the same in every run
	Untried []string // questions that this machine does not allow to ask
}

// Line is one demand and the check for it.
type Line struct {
	ID          string
	Requirement string
	Level       string   // MUST, SHOULD, MAY, ours, or the document that demands it
	Tests       []string // of otlpctl's own module, beside those whose names begin with TestID_

	check func(context.Context, *probe)
}

// Section is a group of lines.
type Section struct {
	Title string
	About string // a sentence or two, or nothing
	Lines []Line
}

// Levels of demands. A MUST here is one of the specification or a direct consequence of it.
const (
	must   = "MUST"
	should = "SHOULD"
	ours   = "ours"
)

// Specified returns the lines of the protocol.
func Specified() []Section {
	return []Section{
		{Title: "Receiver: gRPC", Lines: receiverGRPC()},
		{Title: "Receiver: HTTP", Lines: receiverHTTP()},
		{Title: "Receiver: JSON", Lines: receiverJSON()},
		{Title: "Exporter", Lines: exporter()},
	}
}

// InTheField returns what is not in OTLP's text, or between its lines, and breaks all the same.
func InTheField() Section {
	return Section{
		Title: "What breaks in the field",
		About: "None of this is a line of OTLP. It is what clients, proxies and SDKs of all ages do to a receiver.",
		Lines: field(),
	}
}

// Exceptions returns the requests that net/http answers by itself.
func Exceptions() Section {
	return Section{
		Title: "Exceptions",
		About: "What is not HTTP, or breaks its rules before there is a request, is answered by Go's net/http in both " +
			"programs: such an answer has no google.rpc.Status.",
		Lines: exceptions(),
	}
}

// Sections returns everything.
func Sections() []Section { return append(Specified(), InTheField(), Exceptions()) }
