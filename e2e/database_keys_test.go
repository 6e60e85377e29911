package e2e_test

import (
	"testing"

	pgexport "github.com/otlpctl/otlpctl/receiver/export/database/postgres"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/postgres"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// unorderedAttributes are of every type, in an order that jsonb does not keep.
const unorderedAttributes = `"attributes":[{"key":"zzz","value":{"stringValue":"é\n\"\\/\u2028\u0001"}},{"key":"long.key","value":{"doubleValue":2}},{"key":"b","value":{"intValue":"-9223372036854775808"}},
	{"key":"","value":{}},{"key":"small","value":{"doubleValue":0.000001}},{"key":"a","value":{"kvlistValue":{"values":[{"key":"y","value":{"boolValue":false}},
	{"key":"x","value":{"arrayValue":{"values":[{"doubleValue":0},{},{"kvlistValue":{"values":[{"key":"bb"},{"key":"c"},{"key":"a"}]}}]}}}]}}}]`

// around puts items in a resource and scope with such attributes.
func around(resources, scopes, items, all string) []byte {
	return []byte(`{"` + resources + `":[{"schemaUrl":"r","resource":{` + unorderedAttributes + `},"` + scopes + `":[{"scope":{"version":"1","name":"s",` + unorderedAttributes + `},"` + items + `":[` + all + `]}]}]}`)
}

// What is read out of the database is known when it is sent there again.
func TestPostgresKnowsWhatWasQueried(t *testing.T) {
	db := postgres.Own(t)
	url := db.URL(postgres.Database)
	e, _ := toPostgres(t, pgexport.Config{URL: url})
	const zeros = `"droppedAttributesCount":0,"flags":0,`
	for sig, document := range map[signal.Signal][]byte{
		signal.Traces: around("resourceSpans", "scopeSpans", "spans", `{`+zeros+unorderedAttributes+`,"status":{},"name":"n","traceId":"30313233343536373839616263646566","spanId":"3031323334353637","startTimeUnixNano":"1770000000000000000",
			"events":[{"name":"e",`+unorderedAttributes+`,"timeUnixNano":"1770000000000000001"},{}],"links":[{`+unorderedAttributes+`,"spanId":"3031323334353637","traceId":"30313233343536373839616263646566"}]}`),
		signal.Logs: around("resourceLogs", "scopeLogs", "logRecords", `{`+zeros+unorderedAttributes+`,"body":{"kvlistValue":{"values":[{"key":"message","value":{"stringValue":"m"}},{"key":"at","value":{"doubleValue":1.50}}]}},
			"timeUnixNano":"1770000000000000000"},{"timeUnixNano":"1770000000000000000","body":{"stringValue":"{}"}}`),
		signal.Metrics: around("resourceMetrics", "scopeMetrics", "metrics", `{"unit":"1","name":"s","sum":{"isMonotonic":true,"dataPoints":[{"asInt":"0","exemplars":[{"asDouble":1,"filteredAttributes":[{"key":"bb"},{"key":"a"}]}],`+
			unorderedAttributes+`,"timeUnixNano":"1770000000000000000"}]}},{"name":"h","histogram":{"dataPoints":[{"explicitBounds":[0.1,1e20],"bucketCounts":["1","2","3"],"sum":0,"timeUnixNano":"1770000000000000000"}]}},
			{"name":"x","exponentialHistogram":{"dataPoints":[{"positive":{"bucketCounts":["1"],"offset":-1},"negative":{},"zeroThreshold":1e-300,"scale":3,"timeUnixNano":"1770000000000000000"}]}},
			{"name":"q","summary":{"dataPoints":[{"sum":1.5,"quantileValues":[{"value":1,"quantile":0.5},{}],"timeUnixNano":"1770000000000000000"}]}}`),
	} {
		sent := fromJSON(t, sig, document)
		mustExport(t, e, sig, sent)
		queried, err := everything(t.Context(), openStore(t, url), sig, []proto.Message{sent})
		if err != nil {
			t.Fatal(sig, err)
		}
		rows := func() string {
			return db.Value(t, postgres.Database, "SELECT count(*) || ' items, ' || (SELECT count(*) FROM otlp_resources) || ' resources, ' || (SELECT count(*) FROM otlp_scopes) || ' scopes, ' || "+
				"(SELECT count(*) FROM otlp_metrics) || ' metrics, raw: ' || count(raw) FROM "+itemTable(sig))
		}
		before := rows()
		mustExport(t, e, sig, fromJSON(t, sig, queried))
		if after := rows(); after != before {
			t.Errorf("%s: %s, and %s after they were sent again", sig, before, after)
		}
	}
}
