package load

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/otlpctl/otlpctl/receiver/otlpjson"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// attributeID is the attribute that tells the data points of one Sample from those of others. Its value is the ID of
// the trace.
const attributeID = "otlpctl.send.id"

// MetricPrefix is what the names of all metrics of a Sample begin with.
const MetricPrefix = "otlpctl.send."

// Sample is telemetry to try a receiver with: a trace with an event and a link, metrics of several kinds, and a log
// record that belongs to the trace. But for the fields it is always the same.
type Sample struct {
	// Service is service.name.
	Service string
	// TraceID is in hexadecimal, as SpanIDs are, the first of which is the root's.
	TraceID string
	SpanIDs [4]string
	// At is when all of it has ended.
	At time.Time
}

// NewSample takes IDs from random, which has no end.
func NewSample(service string, at time.Time, random io.Reader) (Sample, error) {
	s := Sample{Service: service, At: at}
	ids := []struct {
		to     *string
		length int
	}{{&s.TraceID, 16}, {&s.SpanIDs[0], 8}, {&s.SpanIDs[1], 8}, {&s.SpanIDs[2], 8}, {&s.SpanIDs[3], 8}}
	for _, id := range ids {
		b := make([]byte, id.length)
		if _, err := io.ReadFull(random, b); err != nil {
			return s, fmt.Errorf("take an id: %w", err)
		}
		b[0] |= 1 // of all zeros is none
		*id.to = hex.EncodeToString(b)
	}
	return s, nil
}

// Request returns the encoded request of a signal, and how many items it holds.
func (s *Sample) Request(sig wire.Signal) (request []byte, items int, err error) {
	var document any
	switch sig {
	case wire.Traces:
		document = s.traces()
	case wire.Metrics:
		document = s.metrics()
	case wire.Logs:
		document = s.logs()
	default:
		return nil, 0, fmt.Errorf("there is no sample of %s", sig)
	}
	text, err := json.Marshal(document)
	if err != nil {
		return nil, 0, err
	}
	if request, err = otlpjson.AppendWire(nil, sig, text); err != nil {
		return nil, 0, err
	}
	found, err := wire.Scan(sig, request)
	return request, found.Items, err
}

// object is one of OTLP/JSON.
type object map[string]any

// resource is what all of it is about.
func (s *Sample) resource() object {
	return object{"attributes": []object{
		attribute("service.name", s.Service),
		attribute("telemetry.sdk.language", "go"),
		attribute("telemetry.sdk.name", "otlpctl"),
	}}
}

func scope() object { return object{"name": "otlpctl/send"} }

func attribute(key, value string) object {
	return object{"key": key, "value": object{"stringValue": value}}
}

func attributeInt(key string, value int) object {
	return object{"key": key, "value": object{"intValue": strconv.Itoa(value)}}
}

// before returns a time before the end, as OTLP has it.
func (s *Sample) before(d time.Duration) string {
	return strconv.FormatInt(s.At.Add(-d).UnixNano(), 10)
}
