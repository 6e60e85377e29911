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
  $EXPORTER:
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
      exporters: [$EXPORTER]
    metrics:
      receivers: [otlp]
      processors: [batch]
      exporters: [$EXPORTER]
    logs:
      receivers: [otlp]
      processors: [batch]
      exporters: [$EXPORTER]
`

// ports are the addresses of one server and of the sink behind it.
type ports struct{ grpc, http, admin, sinkGRPC, sinkHTTP string }

// config returns a server's configuration for a row.
func (s System) config(row Row, at ports) string {
	exporter, sink, compression := "otlp", at.sinkGRPC, "none"
	if row.HTTPOut {
		exporter, sink = "otlphttp", "http://"+at.sinkHTTP
	}
	if row.Shape.Gzip {
		compression = "gzip"
	}
	text := strings.NewReplacer("$GRPC", at.grpc, "$HTTP", at.http, "$EXPORTER", exporter,
		"$SINK", sink, "$COMPRESSION", compression).Replace(baseConfig)
	if s.Admin {
		text += "admin:\n  endpoint: " + at.admin + "\n"
		if row.Extra != "" {
			text = strings.Replace(text, "    tls:\n", "    "+row.Extra+"\n    tls:\n", 1)
		}
	}
	return text
}
