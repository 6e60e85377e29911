package e2e_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
)

// setting is one place of a configuration, and what stands there by turns.
type setting struct {
	name   string
	values []string
	now    int
}

// series is a configuration of which one setting after the other changes, round and round.
type series struct {
	settings []setting
	turns    int
}

const changingConfig = `receivers:
  otlp:
    protocols:
      grpc:
        endpoint: $GRPC
        max_recv_msg_size_mib: $RECV
        keepalive:
          server_parameters: {max_connection_age: $AGE, max_connection_age_grace: 10s}
      http:
        endpoint: $HTTP
        max_request_body_size: $BODY
        max_connection_age: $AGE
processors:
  memory_limiter:
    check_interval: 1s
    limit_mib: 4000
  batch:
    timeout: $WAIT
    send_batch_size: $BATCH
exporters:
  otlp:
    endpoint: $SINK
    tls: {insecure: true}
    headers: {x-turn: $HEADER}
    compression: $COMPRESSION
    timeout: $TIMEOUT
    sending_queue: {queue_size: $QUEUE, num_consumers: $CONSUMERS}
  file:
    path: $FILE
    append: true
  nop:
service:
  reload: {watch: $WATCH}
  telemetry: {logs: {level: $LEVEL}}
  pipelines:
`

func changing(folder string, one, two *sink.Sink) *series {
	return &series{settings: []setting{
		{name: "$LEVEL", values: []string{"info", "debug", "warn"}},
		{name: "$HEADER", values: []string{"one", "two"}},
		{name: "$SINK", values: []string{one.GRPC(), two.GRPC()}},
		{name: "$COMPRESSION", values: []string{"none", "gzip", "zstd"}},
		{name: "$TIMEOUT", values: []string{"10s", "20s"}},
		{name: "$BATCH", values: []string{"64", "512"}},
		{name: "$WAIT", values: []string{"20ms", "5ms"}},
		{name: "$RECV", values: []string{"4", "8"}},
		{name: "$EXPORTERS", values: []string{"[otlp]", "[otlp, file]", "[otlp, nop]", "[file, otlp, nop]"}},
		{name: "$BODY", values: []string{"4MiB", "8MiB"}},
		{name: "$AGE", values: []string{"1m", "1s", "0s"}},
		{name: "$QUEUE", values: []string{"1000", "5000"}},
		{name: "$CONSUMERS", values: []string{"4", "1", "10"}},
		{name: "$PROCESSORS", values: []string{"[batch]", "[memory_limiter, batch]", "[]"}},
		{name: "$FILE", values: []string{filepath.Join(folder, "items.jsonl")}},
		{name: "$WATCH", values: []string{"false"}},
	}}
}

// turn changes the next setting that can change.
func (s *series) turn() {
	for {
		next := &s.settings[s.turns%len(s.settings)]
		s.turns++
		if len(next.values) > 1 {
			next.now = (next.now + 1) % len(next.values)
			return
		}
	}
}

func (s *series) value(name string) string {
	for _, each := range s.settings {
		if each.name == name {
			return each.values[each.now]
		}
	}
	return ""
}

func (s *series) set(name, value string) {
	for i := range s.settings {
		if s.settings[i].name == name {
			s.settings[i].values, s.settings[i].now = []string{value}, 0
		}
	}
}

// text is the configuration of the moment.
func (s *series) text() string {
	var b strings.Builder
	b.WriteString(changingConfig)
	for _, sig := range signal.All() {
		fmt.Fprintf(&b, "    %s: {receivers: [otlp], processors: $PROCESSORS, exporters: $EXPORTERS}\n", sig)
	}
	b.WriteString(adminSection + "  reload: true\n")
	var pairs []string
	for _, each := range s.settings {
		pairs = append(pairs, each.name, each.values[each.now])
	}
	return strings.NewReplacer(pairs...).Replace(b.String())
}

// mistake is an edit that makes a configuration invalid.
type mistake struct {
	name       string
	old, wrong string
	// at is where the fault is: at the beginning of this text, or at the bar in it.
	at      string
	problem string
}

func mistakes(taken *sink.Sink) []mistake {
	return []mistake{
		{"syntax", "  nop:\n", "  nop: [\n", "nop: [", "in brackets is not closed"},
		{"unknown key", "    timeout: ", "    timeuot: ", "timeuot", "unknown key"},
		{"unsupported component", "  nop:\n", "  nop:\n  kafka: {brokers: [backend:9092]}\n", "kafka", `unsupported exporter type "kafka"`},
		{"missing file", "tls: {insecure: true}", "tls: {ca_file: /nowhere/ca.pem}", "/nowhere/ca.pem", "/nowhere/ca.pem"},
		{"taken port", "endpoint: $HTTP", "endpoint: " + taken.HTTPAddr(), taken.HTTPAddr(), "address already in use"},
		{"bad duration", "check_interval: 1s", "check_interval: soon", "soon", "duration"},
		{"missing variable", "headers: {x-turn: ", "headers: {x-missing: \"${env:NOT_SET}\", x-turn: ", `"${env`, "NOT_SET"},
		{"missing reference", "    limit_mib: 4000", "    limit_mib: ${file:/nowhere/limit}", "${file", "/nowhere/limit"},
		{"undefined exporter", "    logs: {receivers: [otlp]", "    logs: {receivers: [oltp]", "oltp", "is not defined"},
		{"out of range", "num_consumers: ", "num_consumers: -", "num_consumers: |-", "out of range"},
		{"key twice", "  nop:\n", "  nop:\n  nop:\n", "nop:\nservice", "twice"},
		{"overlapping listeners", "endpoint: $HTTP", "endpoint: $GRPC", "http:\n        endpoint: |$GRPC", "is the endpoint of grpc too"},
		{"log without a folder", "logs: {level: ", "logs: {output_paths: [/nowhere/log], level: ", "/nowhere/log", "service.telemetry.logs"},
	}
}

// make returns a configuration with the mistake, and how the report of it begins.
func (m mistake) make(t *testing.T, s *server, config string) (text, report string) {
	t.Helper()
	if !strings.Contains(config, m.old) {
		t.Fatalf("%s: there is no %q", m.name, m.old)
	}
	text = s.addressed(strings.Replace(config, m.old, m.wrong, 1))
	lead, rest, bar := strings.Cut(s.addressed(m.at), "|")
	at := strings.Index(text, lead+rest)
	if at < 0 {
		t.Fatalf("%s: there is no %q", m.name, m.at)
	}
	if bar {
		at += len(lead)
	}
	line := strings.LastIndex(text[:at], "\n") + 1
	return text, fmt.Sprintf("%s:%d:%d: ", s.file, strings.Count(text[:at], "\n")+1, utf8.RuneCountInString(text[line:at])+1)
}
