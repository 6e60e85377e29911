package measure

import "strings"

// baseConfig is what both servers run with: the peer's defaults, its own metrics off.
const baseConfig = `receivers:
  otlp:
    protocols:
      grpc:
        endpoint: $GRPC
      http:
        endpoint: $HTTP
processors:
  batch:
exporters:
  otlp:
    endpoint: $SINK
    compression: $COMPRESSION
    tls:
      insecure: true
service:
  telemetry:
    metrics:
      level: none
  pipelines:
    traces:
      receivers: [otlp]
      processors: [batch]
      exporters: [otlp]
    metrics:
      receivers: [otlp]
      processors: [batch]
      exporters: [otlp]
    logs:
      receivers: [otlp]
      processors: [batch]
      exporters: [otlp]
`

// ports are the addresses of one server.
type ports struct{ grpc, http, admin string }

// Config returns a server's configuration for a row.
func (s System) config(row Row, at ports, sink string) string {
	compression := "none"
	if row.Shape.Gzip {
		compression = "gzip"
	}
	text := strings.NewReplacer("$GRPC", at.grpc, "$HTTP", at.http, "$SINK", sink, "$COMPRESSION", compression).Replace(baseConfig)
	if s.Admin {
		text += "admin:\n  endpoint: " + at.admin + "\n"
		if row.Extra != "" {
			text = strings.Replace(text, "    tls:\n", "    "+row.Extra+"\n    tls:\n", 1)
		}
	}
	return text
}
