package row

// Numbers of the fields of a resource, a scope, and the messages around them.
const (
	fieldResources = 1 // of a request

	fieldResource = 1 // of an element of the above
	fieldScopes   = 2

	fieldScope   = 1 // of an element of the above
	fieldEntries = 2 // spans, metrics or log records

	fieldSchemaURL = 3 // beside resource and scope

	resourceAttributes        = 1
	resourceDroppedAttributes = 2
	resourceEntities          = 3

	scopeName              = 1
	scopeVersion           = 2
	scopeAttributes        = 3
	scopeDroppedAttributes = 4
)

// Numbers of the fields of a KeyValue, an AnyValue, and the lists in it.
const (
	pairKey   = 1
	pairValue = 2

	anyString = 1
	anyBool   = 2
	anyInt    = 3
	anyDouble = 4
	anyArray  = 5
	anyObject = 6
	anyBytes  = 7

	listValues = 1
)

// Numbers of the fields of a Span, its Status, an Event and a Link.
const (
	spanTraceID           = 1
	spanSpanID            = 2
	spanTraceState        = 3
	spanParentSpanID      = 4
	spanName              = 5
	spanKind              = 6
	spanStart             = 7
	spanEnd               = 8
	spanAttributes        = 9
	spanDroppedAttributes = 10
	spanEvents            = 11
	spanDroppedEvents     = 12
	spanLinks             = 13
	spanDroppedLinks      = 14
	spanStatus            = 15
	spanFlags             = 16

	statusMessage = 2
	statusCode    = 3

	eventTime              = 1
	eventName              = 2
	eventAttributes        = 3
	eventDroppedAttributes = 4

	linkTraceID           = 1
	linkSpanID            = 2
	linkTraceState        = 3
	linkAttributes        = 4
	linkDroppedAttributes = 5
	linkFlags             = 6
)

// Numbers of the fields of a LogRecord.
const (
	logTime              = 1
	logSeverity          = 2
	logSeverityText      = 3
	logBody              = 5
	logAttributes        = 6
	logDroppedAttributes = 7
	logFlags             = 8
	logTraceID           = 9
	logSpanID            = 10
	logObserved          = 11
	logEventName         = 12
)

// Numbers of the fields of a Metric and of what it has for its kind. Those of
// the data points are in layouts.
const (
	metricName        = 1
	metricDescription = 2
	metricUnit        = 3
	metricMetadata    = 12

	dataPoints      = 1
	dataTemporality = 2
	dataMonotonic   = 3

	exemplarTime       = 2
	exemplarDouble     = 3
	exemplarSpanID     = 4
	exemplarTraceID    = 5
	exemplarInt        = 6
	exemplarAttributes = 7

	quantileQuantile = 1
	quantileValue    = 2

	bucketsOffset = 1
	bucketsCounts = 2
)
