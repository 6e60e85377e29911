package wire

// The messages of OTLP 1.11 (opentelemetry-proto: collector, common, resource,
// trace, metrics, logs; and profiles v1development).
const (
	_ MessageID = iota
	ExportTraceServiceRequest
	ExportMetricsServiceRequest
	ExportLogsServiceRequest
	ExportProfilesServiceRequest
	Resource
	EntityRef
	InstrumentationScope
	KeyValue
	AnyValue
	ArrayValue
	KeyValueList
	ResourceSpans
	ScopeSpans
	Span
	SpanEvent
	SpanLink
	Status
	ResourceMetrics
	ScopeMetrics
	Metric
	Gauge
	Sum
	Histogram
	ExponentialHistogram
	Summary
	NumberDataPoint
	HistogramDataPoint
	ExponentialHistogramDataPoint
	ExponentialHistogramBuckets
	SummaryDataPoint
	ValueAtQuantile
	Exemplar
	ResourceLogs
	ScopeLogs
	LogRecord
	ResourceProfiles
	ScopeProfiles
	Profile
	Sample
	ProfilesDictionary
	ProfileMapping
	ProfileLocation
	ProfileLine
	ProfileFunction
	ProfileLink
	ProfileStack
	KeyValueAndUnit
	ValueType
	numMessages
)

//nolint:gochecknoglobals // immutable table, held against the official descriptors by a test
var messages = [numMessages]messageInfo{
	ExportTraceServiceRequest: {name: "ExportTraceServiceRequest", parent: true, fields: []Field{
		{Number: 1, Name: "resourceSpans", Kind: Message, Label: Repeated, Message: ResourceSpans},
	}},
	ExportMetricsServiceRequest: {name: "ExportMetricsServiceRequest", parent: true, fields: []Field{
		{Number: 1, Name: "resourceMetrics", Kind: Message, Label: Repeated, Message: ResourceMetrics},
	}},
	ExportLogsServiceRequest: {name: "ExportLogsServiceRequest", parent: true, fields: []Field{
		{Number: 1, Name: "resourceLogs", Kind: Message, Label: Repeated, Message: ResourceLogs},
	}},
	ExportProfilesServiceRequest: {name: "ExportProfilesServiceRequest", parent: true, fields: []Field{
		{Number: 1, Name: "resourceProfiles", Kind: Message, Label: Repeated, Message: ResourceProfiles},
		{Number: 2, Name: "dictionary", Kind: Message, Label: Optional, Message: ProfilesDictionary},
	}},

	Resource: {name: "Resource", fields: []Field{
		{Number: 1, Name: "attributes", Kind: Message, Label: Repeated, Message: KeyValue},
		{Number: 2, Name: "droppedAttributesCount", Kind: Uint32},
		{Number: 3, Name: "entityRefs", Kind: Message, Label: Repeated, Message: EntityRef},
	}},
	EntityRef: {name: "EntityRef", fields: []Field{
		{Number: 1, Name: "schemaUrl", Kind: String},
		{Number: 2, Name: "type", Kind: String},
		{Number: 3, Name: "idKeys", Kind: String, Label: Repeated},
		{Number: 4, Name: "descriptionKeys", Kind: String, Label: Repeated},
	}},
	InstrumentationScope: {name: "InstrumentationScope", fields: []Field{
		{Number: 1, Name: "name", Kind: String},
		{Number: 2, Name: "version", Kind: String},
		{Number: 3, Name: "attributes", Kind: Message, Label: Repeated, Message: KeyValue},
		{Number: 4, Name: "droppedAttributesCount", Kind: Uint32},
	}},
	KeyValue: {name: "KeyValue", fields: []Field{
		{Number: 1, Name: "key", Kind: String},
		{Number: 2, Name: "value", Kind: Message, Label: Optional, Message: AnyValue},
		{Number: 3, Name: "keyStrindex", Kind: Int32},
	}},
	AnyValue: {name: "AnyValue", fields: []Field{
		{Number: 1, Name: "stringValue", Kind: String, Label: Optional},
		{Number: 2, Name: "boolValue", Kind: Bool, Label: Optional},
		{Number: 3, Name: "intValue", Kind: Int64, Label: Optional},
		{Number: 4, Name: "doubleValue", Kind: Double, Label: Optional},
		{Number: 5, Name: "arrayValue", Kind: Message, Label: Optional, Message: ArrayValue},
		{Number: 6, Name: "kvlistValue", Kind: Message, Label: Optional, Message: KeyValueList},
		{Number: 7, Name: "bytesValue", Kind: Bytes, Label: Optional},
		{Number: 8, Name: "stringValueStrindex", Kind: Int32, Label: Optional},
	}},
	ArrayValue: {name: "ArrayValue", fields: []Field{
		{Number: 1, Name: "values", Kind: Message, Label: Repeated, Message: AnyValue},
	}},
	KeyValueList: {name: "KeyValueList", fields: []Field{
		{Number: 1, Name: "values", Kind: Message, Label: Repeated, Message: KeyValue},
	}},

	ResourceSpans: {name: "ResourceSpans", parent: true, fields: []Field{
		{Number: 1, Name: "resource", Kind: Message, Label: Optional, Message: Resource},
		{Number: 2, Name: "scopeSpans", Kind: Message, Label: Repeated, Message: ScopeSpans},
		{Number: 3, Name: "schemaUrl", Kind: String},
	}},
	ScopeSpans: {name: "ScopeSpans", parent: true, fields: []Field{
		{Number: 1, Name: "scope", Kind: Message, Label: Optional, Message: InstrumentationScope},
		{Number: 2, Name: "spans", Kind: Message, Label: Repeated, Message: Span},
		{Number: 3, Name: "schemaUrl", Kind: String},
	}},
	Span: {name: "Span", item: true, fields: []Field{
		{Number: 1, Name: "traceId", Kind: ID16, rule: requiredID},
		{Number: 2, Name: "spanId", Kind: ID8, rule: requiredID},
		{Number: 3, Name: "traceState", Kind: String},
		{Number: 4, Name: "parentSpanId", Kind: ID8, rule: optionalID},
		{Number: 16, Name: "flags", Kind: Fixed32},
		{Number: 5, Name: "name", Kind: String},
		{Number: 6, Name: "kind", Kind: Enum},
		{Number: 7, Name: "startTimeUnixNano", Kind: Fixed64},
		{Number: 8, Name: "endTimeUnixNano", Kind: Fixed64},
		{Number: 9, Name: "attributes", Kind: Message, Label: Repeated, Message: KeyValue},
		{Number: 10, Name: "droppedAttributesCount", Kind: Uint32},
		{Number: 11, Name: "events", Kind: Message, Label: Repeated, Message: SpanEvent},
		{Number: 12, Name: "droppedEventsCount", Kind: Uint32},
		{Number: 13, Name: "links", Kind: Message, Label: Repeated, Message: SpanLink},
		{Number: 14, Name: "droppedLinksCount", Kind: Uint32},
		{Number: 15, Name: "status", Kind: Message, Label: Optional, Message: Status},
	}},
	SpanEvent: {name: "Event", fields: []Field{
		{Number: 1, Name: "timeUnixNano", Kind: Fixed64},
		{Number: 2, Name: "name", Kind: String},
		{Number: 3, Name: "attributes", Kind: Message, Label: Repeated, Message: KeyValue},
		{Number: 4, Name: "droppedAttributesCount", Kind: Uint32},
	}},
	SpanLink: {name: "Link", fields: []Field{
		{Number: 1, Name: "traceId", Kind: ID16, rule: optionalID},
		{Number: 2, Name: "spanId", Kind: ID8, rule: optionalID},
		{Number: 3, Name: "traceState", Kind: String},
		{Number: 4, Name: "attributes", Kind: Message, Label: Repeated, Message: KeyValue},
		{Number: 5, Name: "droppedAttributesCount", Kind: Uint32},
		{Number: 6, Name: "flags", Kind: Fixed32},
	}},
	Status: {name: "Status", fields: []Field{
		{Number: 2, Name: "message", Kind: String},
		{Number: 3, Name: "code", Kind: Enum},
	}},

	ResourceMetrics: {name: "ResourceMetrics", parent: true, fields: []Field{
		{Number: 1, Name: "resource", Kind: Message, Label: Optional, Message: Resource},
		{Number: 2, Name: "scopeMetrics", Kind: Message, Label: Repeated, Message: ScopeMetrics},
		{Number: 3, Name: "schemaUrl", Kind: String},
	}},
	ScopeMetrics: {name: "ScopeMetrics", parent: true, fields: []Field{
		{Number: 1, Name: "scope", Kind: Message, Label: Optional, Message: InstrumentationScope},
		{Number: 2, Name: "metrics", Kind: Message, Label: Repeated, Message: Metric},
		{Number: 3, Name: "schemaUrl", Kind: String},
	}},
	Metric: {name: "Metric", parent: true, fields: []Field{
		{Number: 1, Name: "name", Kind: String},
		{Number: 2, Name: "description", Kind: String},
		{Number: 3, Name: "unit", Kind: String},
		{Number: 5, Name: "gauge", Kind: Message, Label: Optional, Message: Gauge},
		{Number: 7, Name: "sum", Kind: Message, Label: Optional, Message: Sum},
		{Number: 9, Name: "histogram", Kind: Message, Label: Optional, Message: Histogram},
		{Number: 10, Name: "exponentialHistogram", Kind: Message, Label: Optional, Message: ExponentialHistogram},
		{Number: 11, Name: "summary", Kind: Message, Label: Optional, Message: Summary},
		{Number: 12, Name: "metadata", Kind: Message, Label: Repeated, Message: KeyValue},
	}},
	Gauge: {name: "Gauge", parent: true, fields: []Field{
		{Number: 1, Name: "dataPoints", Kind: Message, Label: Repeated, Message: NumberDataPoint},
	}},
	Sum: {name: "Sum", parent: true, fields: []Field{
		{Number: 1, Name: "dataPoints", Kind: Message, Label: Repeated, Message: NumberDataPoint},
		{Number: 2, Name: "aggregationTemporality", Kind: Enum},
		{Number: 3, Name: "isMonotonic", Kind: Bool},
	}},
	Histogram: {name: "Histogram", parent: true, fields: []Field{
		{Number: 1, Name: "dataPoints", Kind: Message, Label: Repeated, Message: HistogramDataPoint},
		{Number: 2, Name: "aggregationTemporality", Kind: Enum},
	}},
	ExponentialHistogram: {name: "ExponentialHistogram", parent: true, fields: []Field{
		{Number: 1, Name: "dataPoints", Kind: Message, Label: Repeated, Message: ExponentialHistogramDataPoint},
		{Number: 2, Name: "aggregationTemporality", Kind: Enum},
	}},
	Summary: {name: "Summary", parent: true, fields: []Field{
		{Number: 1, Name: "dataPoints", Kind: Message, Label: Repeated, Message: SummaryDataPoint},
	}},
	NumberDataPoint: {name: "NumberDataPoint", item: true, fields: []Field{
		{Number: 7, Name: "attributes", Kind: Message, Label: Repeated, Message: KeyValue},
		{Number: 2, Name: "startTimeUnixNano", Kind: Fixed64},
		{Number: 3, Name: "timeUnixNano", Kind: Fixed64},
		{Number: 4, Name: "asDouble", Kind: Double, Label: Optional},
		{Number: 6, Name: "asInt", Kind: Sfixed64, Label: Optional},
		{Number: 5, Name: "exemplars", Kind: Message, Label: Repeated, Message: Exemplar},
		{Number: 8, Name: "flags", Kind: Uint32},
	}},
	HistogramDataPoint: {name: "HistogramDataPoint", item: true, fields: []Field{
		{Number: 9, Name: "attributes", Kind: Message, Label: Repeated, Message: KeyValue},
		{Number: 2, Name: "startTimeUnixNano", Kind: Fixed64},
		{Number: 3, Name: "timeUnixNano", Kind: Fixed64},
		{Number: 4, Name: "count", Kind: Fixed64},
		{Number: 5, Name: "sum", Kind: Double, Label: Optional},
		{Number: 6, Name: "bucketCounts", Kind: Fixed64, Label: Repeated},
		{Number: 7, Name: "explicitBounds", Kind: Double, Label: Repeated},
		{Number: 8, Name: "exemplars", Kind: Message, Label: Repeated, Message: Exemplar},
		{Number: 10, Name: "flags", Kind: Uint32},
		{Number: 11, Name: "min", Kind: Double, Label: Optional},
		{Number: 12, Name: "max", Kind: Double, Label: Optional},
	}},
	ExponentialHistogramDataPoint: {name: "ExponentialHistogramDataPoint", item: true, fields: []Field{
		{Number: 1, Name: "attributes", Kind: Message, Label: Repeated, Message: KeyValue},
		{Number: 2, Name: "startTimeUnixNano", Kind: Fixed64},
		{Number: 3, Name: "timeUnixNano", Kind: Fixed64},
		{Number: 4, Name: "count", Kind: Fixed64},
		{Number: 5, Name: "sum", Kind: Double, Label: Optional},
		{Number: 6, Name: "scale", Kind: Sint32},
		{Number: 7, Name: "zeroCount", Kind: Fixed64},
		{Number: 8, Name: "positive", Kind: Message, Label: Optional, Message: ExponentialHistogramBuckets},
		{Number: 9, Name: "negative", Kind: Message, Label: Optional, Message: ExponentialHistogramBuckets},
		{Number: 10, Name: "flags", Kind: Uint32},
		{Number: 11, Name: "exemplars", Kind: Message, Label: Repeated, Message: Exemplar},
		{Number: 12, Name: "min", Kind: Double, Label: Optional},
		{Number: 13, Name: "max", Kind: Double, Label: Optional},
		{Number: 14, Name: "zeroThreshold", Kind: Double},
	}},
	ExponentialHistogramBuckets: {name: "Buckets", fields: []Field{
		{Number: 1, Name: "offset", Kind: Sint32},
		{Number: 2, Name: "bucketCounts", Kind: Uint64, Label: Repeated},
	}},
	SummaryDataPoint: {name: "SummaryDataPoint", item: true, fields: []Field{
		{Number: 7, Name: "attributes", Kind: Message, Label: Repeated, Message: KeyValue},
		{Number: 2, Name: "startTimeUnixNano", Kind: Fixed64},
		{Number: 3, Name: "timeUnixNano", Kind: Fixed64},
		{Number: 4, Name: "count", Kind: Fixed64},
		{Number: 5, Name: "sum", Kind: Double},
		{Number: 6, Name: "quantileValues", Kind: Message, Label: Repeated, Message: ValueAtQuantile},
		{Number: 8, Name: "flags", Kind: Uint32},
	}},
	ValueAtQuantile: {name: "ValueAtQuantile", fields: []Field{
		{Number: 1, Name: "quantile", Kind: Double},
		{Number: 2, Name: "value", Kind: Double},
	}},
	Exemplar: {name: "Exemplar", fields: []Field{
		{Number: 7, Name: "filteredAttributes", Kind: Message, Label: Repeated, Message: KeyValue},
		{Number: 2, Name: "timeUnixNano", Kind: Fixed64},
		{Number: 3, Name: "asDouble", Kind: Double, Label: Optional},
		{Number: 6, Name: "asInt", Kind: Sfixed64, Label: Optional},
		{Number: 4, Name: "spanId", Kind: ID8, rule: strippedID},
		{Number: 5, Name: "traceId", Kind: ID16, rule: strippedID},
	}},

	ResourceLogs: {name: "ResourceLogs", parent: true, fields: []Field{
		{Number: 1, Name: "resource", Kind: Message, Label: Optional, Message: Resource},
		{Number: 2, Name: "scopeLogs", Kind: Message, Label: Repeated, Message: ScopeLogs},
		{Number: 3, Name: "schemaUrl", Kind: String},
	}},
	ScopeLogs: {name: "ScopeLogs", parent: true, fields: []Field{
		{Number: 1, Name: "scope", Kind: Message, Label: Optional, Message: InstrumentationScope},
		{Number: 2, Name: "logRecords", Kind: Message, Label: Repeated, Message: LogRecord},
		{Number: 3, Name: "schemaUrl", Kind: String},
	}},
	LogRecord: {name: "LogRecord", item: true, fields: []Field{
		{Number: 1, Name: "timeUnixNano", Kind: Fixed64},
		{Number: 11, Name: "observedTimeUnixNano", Kind: Fixed64},
		{Number: 2, Name: "severityNumber", Kind: Enum},
		{Number: 3, Name: "severityText", Kind: String},
		{Number: 5, Name: "body", Kind: Message, Label: Optional, Message: AnyValue},
		{Number: 6, Name: "attributes", Kind: Message, Label: Repeated, Message: KeyValue},
		{Number: 7, Name: "droppedAttributesCount", Kind: Uint32},
		{Number: 8, Name: "flags", Kind: Fixed32},
		{Number: 9, Name: "traceId", Kind: ID16, rule: strippedID},
		{Number: 10, Name: "spanId", Kind: ID8, rule: strippedID},
		{Number: 12, Name: "eventName", Kind: String},
	}},

	ResourceProfiles: {name: "ResourceProfiles", parent: true, fields: []Field{
		{Number: 1, Name: "resource", Kind: Message, Label: Optional, Message: Resource},
		{Number: 2, Name: "scopeProfiles", Kind: Message, Label: Repeated, Message: ScopeProfiles},
		{Number: 3, Name: "schemaUrl", Kind: String},
	}},
	ScopeProfiles: {name: "ScopeProfiles", parent: true, fields: []Field{
		{Number: 1, Name: "scope", Kind: Message, Label: Optional, Message: InstrumentationScope},
		{Number: 2, Name: "profiles", Kind: Message, Label: Repeated, Message: Profile},
		{Number: 3, Name: "schemaUrl", Kind: String},
	}},
	Profile: {name: "Profile", item: true, fields: []Field{
		{Number: 1, Name: "sampleType", Kind: Message, Label: Optional, Message: ValueType},
		{Number: 2, Name: "samples", Kind: Message, Label: Repeated, Message: Sample},
		{Number: 3, Name: "timeUnixNano", Kind: Fixed64},
		{Number: 4, Name: "durationNano", Kind: Uint64},
		{Number: 5, Name: "periodType", Kind: Message, Label: Optional, Message: ValueType},
		{Number: 6, Name: "period", Kind: Int64},
		{Number: 7, Name: "profileId", Kind: ID16, rule: optionalID},
		{Number: 8, Name: "droppedAttributesCount", Kind: Uint32},
		{Number: 9, Name: "originalPayloadFormat", Kind: String},
		{Number: 10, Name: "originalPayload", Kind: Bytes},
		{Number: 11, Name: "attributeIndices", Kind: Int32, Label: Repeated},
	}},
	Sample: {name: "Sample", fields: []Field{
		{Number: 1, Name: "stackIndex", Kind: Int32},
		{Number: 2, Name: "attributeIndices", Kind: Int32, Label: Repeated},
		{Number: 3, Name: "linkIndex", Kind: Int32},
		{Number: 4, Name: "values", Kind: Int64, Label: Repeated},
		{Number: 5, Name: "timestampsUnixNano", Kind: Fixed64, Label: Repeated},
	}},
	ProfilesDictionary: {name: "ProfilesDictionary", fields: []Field{
		{Number: 1, Name: "mappingTable", Kind: Message, Label: Repeated, Message: ProfileMapping},
		{Number: 2, Name: "locationTable", Kind: Message, Label: Repeated, Message: ProfileLocation},
		{Number: 3, Name: "functionTable", Kind: Message, Label: Repeated, Message: ProfileFunction},
		{Number: 4, Name: "linkTable", Kind: Message, Label: Repeated, Message: ProfileLink},
		{Number: 5, Name: "stringTable", Kind: String, Label: Repeated},
		{Number: 6, Name: "attributeTable", Kind: Message, Label: Repeated, Message: KeyValueAndUnit},
		{Number: 7, Name: "stackTable", Kind: Message, Label: Repeated, Message: ProfileStack},
	}},
	ProfileMapping: {name: "Mapping", fields: []Field{
		{Number: 1, Name: "memoryStart", Kind: Uint64},
		{Number: 2, Name: "memoryLimit", Kind: Uint64},
		{Number: 3, Name: "fileOffset", Kind: Uint64},
		{Number: 4, Name: "filenameStrindex", Kind: Int32},
		{Number: 5, Name: "attributeIndices", Kind: Int32, Label: Repeated},
	}},
	ProfileLocation: {name: "Location", fields: []Field{
		{Number: 1, Name: "mappingIndex", Kind: Int32},
		{Number: 2, Name: "address", Kind: Uint64},
		{Number: 3, Name: "lines", Kind: Message, Label: Repeated, Message: ProfileLine},
		{Number: 4, Name: "attributeIndices", Kind: Int32, Label: Repeated},
	}},
	ProfileLine: {name: "Line", fields: []Field{
		{Number: 1, Name: "functionIndex", Kind: Int32},
		{Number: 2, Name: "line", Kind: Int64},
		{Number: 3, Name: "column", Kind: Int64},
	}},
	ProfileFunction: {name: "Function", fields: []Field{
		{Number: 1, Name: "nameStrindex", Kind: Int32},
		{Number: 2, Name: "systemNameStrindex", Kind: Int32},
		{Number: 3, Name: "filenameStrindex", Kind: Int32},
		{Number: 4, Name: "startLine", Kind: Int64},
	}},
	ProfileLink: {name: "Link", fields: []Field{
		{Number: 1, Name: "traceId", Kind: ID16},
		{Number: 2, Name: "spanId", Kind: ID8},
	}},
	ProfileStack: {name: "Stack", fields: []Field{
		{Number: 1, Name: "locationIndices", Kind: Int32, Label: Repeated},
	}},
	KeyValueAndUnit: {name: "KeyValueAndUnit", fields: []Field{
		{Number: 1, Name: "keyStrindex", Kind: Int32},
		{Number: 2, Name: "value", Kind: Message, Label: Optional, Message: AnyValue},
		{Number: 3, Name: "unitStrindex", Kind: Int32},
	}},
	ValueType: {name: "ValueType", fields: []Field{
		{Number: 1, Name: "typeStrindex", Kind: Int32},
		{Number: 2, Name: "unitStrindex", Kind: Int32},
	}},
}
