package debug

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

const maxServices = 4 // that a line names

// basic prints one line for the batch:
//
//	14:13:20  traces      100 spans          2 resources  cart, orders
func (p *printer) basic(b *pipeline.Batch) {
	count, metrics := 0, 0
	var services [][]byte
	for resource := range resources(b) {
		count++
		if b.Signal == wire.Metrics {
			metrics += entries(resource)
		}
		name := service(resource)
		known := slices.ContainsFunc(services, func(s []byte) bool { return bytes.Equal(s, name) })
		if name != nil && !known && len(services) <= maxServices {
			services = append(services, name)
		}
	}
	p.buf = p.now.In(p.zone).AppendFormat(p.buf, "15:04:05")
	p.buf = fmt.Appendf(p.buf, "  %-8s  %5d %-11s  %3d %-9s", b.Signal, b.Items, noun(b.Signal, b.Items), count, plural(count, "resource"))
	for i, name := range services {
		separator := ", "
		if i == 0 {
			separator = "  "
		}
		if p.buf = append(p.buf, separator...); i == maxServices {
			p.buf = append(p.buf, "…"...)
			break
		}
		p.buf = appendCut(p.buf, name, maxService)
	}
	if b.Signal == wire.Metrics {
		p.buf = fmt.Appendf(p.buf, "  %d %s", metrics, plural(metrics, "metric"))
	}
	p.endLine()
}

// entries counts what the scopes of a resource hold.
func entries(resource []byte) int {
	n := 0
	for scope := range submessages(resource, fieldScopes) {
		for range submessages(scope, fieldEntries) {
			n++
		}
	}
	return n
}

// noun returns what n items of a signal are called.
func noun(sig wire.Signal, n int) string {
	switch sig {
	case wire.Traces:
		return plural(n, "span")
	case wire.Metrics:
		return plural(n, "data point")
	case wire.Logs:
		return plural(n, "log record")
	default:
		return plural(n, "profile")
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}
