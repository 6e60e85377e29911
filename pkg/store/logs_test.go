package store

import (
	"testing"
	"time"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

func bodies(logs []*row.Log) string {
	all := ""
	for _, l := range logs {
		all += string(l.Body) + ";"
	}
	return all
}

func TestLogs(t *testing.T) {
	w := newWritten(t)
	w.logs(
		aLog{service: "cart", body: "begin", time: 1, severity: logs.SeverityNumber_SEVERITY_NUMBER_INFO},
		aLog{service: "cart", body: "50% done", time: 2, severity: logs.SeverityNumber_SEVERITY_NUMBER_WARN2, trace: 1},
		aLog{service: "frontend", body: "it broke", time: 3, severity: logs.SeverityNumber_SEVERITY_NUMBER_ERROR, attributes: []*common.KeyValue{number("code", 7)}},
	)
	f := func(want string, filter LogFilter) {
		t.Helper()
		if filter.Limit == 0 {
			filter.Limit = 20
		}
		if got, err := w.Logs(t.Context(), filter); err != nil || bodies(got) != want {
			t.Errorf("%+v: got %q, %v, want %q", filter, bodies(got), err, want)
		}
	}
	f("begin;50% done;it broke;", LogFilter{})
	f("50% done;it broke;", LogFilter{Limit: 2})
	f("begin;50% done;", LogFilter{Service: "cart"})
	f("50% done;it broke;", LogFilter{MinSeverity: 13})
	f("50% done;", LogFilter{Trace: "01ab"})
	f("", LogFilter{Trace: "02"})
	f("50% done;", LogFilter{Body: "0% d"})
	f("", LogFilter{Body: "BROKE"})
	f("it broke;", LogFilter{Attributes: []Attribute{{"code", "7"}, {"service.name", "frontend"}}})
	f("50% done;", LogFilter{Range: Range{Since: noon().Add(2 * time.Second), Until: noon().Add(3 * time.Second)}})
	if _, err := w.Logs(t.Context(), LogFilter{Trace: "x", Limit: 1}); err == nil {
		t.Error("a trace without hexadecimal digits is taken")
	}
}
