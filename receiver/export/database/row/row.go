// Package row says what telemetry is in a database: which rows a request
// becomes, and which request rows become again. It knows no database and does no
// I/O.
//
// Columns are there to be searched, and together they hold all of an item. What
// they cannot hold as it is, such as U+0000 in a text, NaN, or a field
// that this version does not know, is in the column raw beside them: the
// whole item as it came. So nothing is lost, and few rows have it.
package row

import (
	"bytes"
	"cmp"
	"time"

	"github.com/google/uuid"
)

// ID is derived from content: what is the same has the same ID, whoever writes it.
// It is the first half of a SHA-256.
type ID = uuid.UUID

// Text is UTF-8 without U+0000, for which U+FFFD stands. An empty one may be nil.
type Text = []byte

// JSON is one JSON value that PostgreSQL takes as jsonb. The same value is the same text, in whichever
// order its parts came. Attributes are an object in which no key stands twice, in the order of keys: short
// ones first. Integers have no decimal point there and doubles have one; an empty value is
// null; bytes are in base64. Doubles of 1e15 and more or below 1e-6 have an exponent, which jsonb
// resolves, and those that are no numbers are "NaN", "Infinity" or "-Infinity": Raw has what they were.
type JSON = []byte

// Resource is a row of otlp_resources.
type Resource struct {
	ID         ID
	Service    Text // service.name, at most MaxService bytes
	SchemaURL  Text
	Attributes JSON
	OTLP       []byte // the encoded Resource
}

// Scope is a row of otlp_scopes.
type Scope struct {
	ID            ID
	Name, Version Text
	SchemaURL     Text
	Attributes    JSON
	OTLP          []byte // the encoded InstrumentationScope
}

// Metric is a row of otlp_metrics: what the data points of a metric have in common.
type Metric struct {
	ID                      ID
	Name, Description, Unit Text
	Kind                    Kind
	Temporality             int32 // AggregationTemporality, 0 if the kind has none
	Monotonic               bool
	// OTLP is the encoded Metric without data points. With a field Kind behind it that has data
	// points, it is the metric with these: that is how protobuf merges.
	OTLP []byte
}

// Kind is the kind of a metric: the number of its field in opentelemetry.proto.metrics.v1.Metric.
type Kind int16

// The kinds of metrics. A metric without any has no data points.
const (
	Gauge                Kind = 5
	Sum                  Kind = 7
	Histogram            Kind = 9
	ExponentialHistogram Kind = 10
	Summary              Kind = 11
)

// PrimaryKey tells an item from all others of its signal: the same item, sent again, is the same row.
type PrimaryKey struct {
	// Time orders items and is never zero: the start of a span, the time of a data point or log
	// record. What has none has the next best: a span its end, a log record the time it was
	// observed, and all else the time it was received.
	Time uint64 // nanoseconds since the Unix epoch
	// Key is derived from the columns of the item, and from its resource, scope and metric: however the
	// same item is encoded, it has the same key. Only that of an item with Raw is derived from its bytes.
	// An item without any time of its own cannot be told from its repetition: its key depends on when
	// it was received and on its place in the batch, too.
	Key ID
}

// Compare puts items in the order of their time.
func (k PrimaryKey) Compare(other PrimaryKey) int {
	return cmp.Or(cmp.Compare(k.Time, other.Time), bytes.Compare(k.Key[:], other.Key[:]))
}

// Item is what the rows of spans, data points and log records begin with.
type Item struct {
	PrimaryKey

	Resource, Scope ID
	Service         Text   // that of the resource
	Attributes      JSON   // nil if there are none
	Raw             []byte // the encoded item, or nil if the columns hold all of it
}

// Span is a row of otlp_spans.
type Span struct {
	Item

	TraceID, SpanID, ParentSpanID []byte // nil if it has none, or one of zeros
	TraceState, Name              Text
	Kind                          int32
	Start                         uint64 // start_time_unix_nano
	Duration                      int64  // nanoseconds; start and duration are the end, modulo 2^64
	StatusCode                    int32
	StatusMessage                 Text
	Flags                         uint32

	DroppedAttributes, DroppedEvents, DroppedLinks uint32

	// Events is an array of {"time_unix_nano": 0, "name": "", "attributes": {}, "dropped_attributes_count": 0}
	// and Links one of {"trace_id": "hex", "span_id": "hex", "trace_state": "", "attributes": {},
	// "dropped_attributes_count": 0, "flags": 0}; what is zero is left out, and what is empty is nil.
	Events, Links JSON
}

// Point is a row of otlp_points: a data point of any kind. What its kind does not have is nil.
type Point struct {
	Item

	Metric         ID
	Kind           Kind
	Start, TimeRaw uint64 // start_time_unix_nano and time_unix_nano as they came
	Flags          uint32

	Value    *float64 // as_double
	ValueInt *int64   // as_int
	Count    *uint64  // at most math.MaxInt64 here
	Sum      *float64
	Min, Max *float64

	// Detail is an object with what else a kind has: "bounds" and "buckets" of a histogram;
	// "scale", "zero_count", "zero_threshold", "positive" and "negative" ({"offset": 0, "buckets": []}) of
	// an exponential one; "quantiles" ([[quantile, value]]) of a summary. What is zero or empty is left
	// out, and an object without any of it is nil.
	Detail JSON
	// Exemplars is an array of {"time_unix_nano": 0, "value": 0.5, "trace_id": "hex", "span_id": "hex", "attributes": {}}.
	Exemplars JSON
}

// Log is a row of otlp_logs.
type Log struct {
	Item

	TimeRaw, Observed uint64 // time_unix_nano and observed_time_unix_nano as they came
	TraceID, SpanID   []byte // nil if it has none, or one of zeros
	Severity          int32
	SeverityText      Text
	EventName         Text
	Body              Text // of a string; otherwise the JSON of BodyJSON; nil if there is no body
	BodyJSON          JSON // nil for a string
	Flags             uint32
	DroppedAttributes uint32
}

// MaxService is how much of a service's name is in columns: the indexes of
// databases have limits. The attributes of the resource have all of it.
const MaxService = 255

// Visitor takes the rows of a request in an order in which each row comes after
// those that it refers to. Resources, scopes and metrics come as often as they
// stand in the request. A row is valid during the call only; an error ends the walk.
type Visitor interface {
	Resource(*Resource) error
	Scope(*Scope) error
	Metric(*Metric) error
	Span(*Span) error
	Point(*Point) error
	Log(*Log) error
}

// Origin is what is known of a request beside its content.
type Origin struct {
	// Received is when its first item was received. It must be the same whenever the same request
	// is walked again.
	Received time.Time
	// Skip is how many items, from the first on, the visitor is not told of. They count, so that the others
	// are the same rows as without it.
	Skip int
}
