package otlpjson

import (
	"strings"
	"testing"
)

// J2: integers are numbers or strings, exact to the last digit.
func TestJ2Integers(t *testing.T) {
	f := func(json, want string) { t.Helper(); inValue.reads(t, json, want) }
	f(`{"intValue":"9223372036854775807"}`, `int_value: 9223372036854775807`)
	f(`{"intValue":9223372036854775807}`, `int_value: 9223372036854775807`)
	f(`{"intValue":"-9223372036854775808"}`, `int_value: -9223372036854775808`)
	f(`{"intValue":-9223372036854775808}`, `int_value: -9223372036854775808`)
	f(`{"intValue":9007199254740993}`, `int_value: 9007199254740993`)
	f(`{"intValue":12345678}`, `int_value: 12345678`)
	f(`{"intValue":"123456789"}`, `int_value: 123456789`)
	f(`{"intValue":"0"}`, `int_value: 0`)
	f(`{"intValue":-0}`, `int_value: 0`)
	f(`{"intValue":"\u0031\u0032"}`, `int_value: 12`)
	// Integral in value, if not in form.
	f(`{"intValue":1.0}`, `int_value: 1`)
	f(`{"intValue":"1.50e1"}`, `int_value: 15`)
	f(`{"intValue":9223372036854775807.000}`, `int_value: 9223372036854775807`)
	f(`{"intValue":922337203685477580.7E+1}`, `int_value: 9223372036854775807`)
	f(`{"intValue":-1e3}`, `int_value: -1000`)
	f(`{"intValue":1500e-2}`, `int_value: 15`)
	f(`{"intValue":0e999999999999999999999}`, `int_value: 0`)
	f(`{"intValue":0.000e-7}`, `int_value: 0`)
	f(`{"intValue":1`+strings.Repeat("0", 400)+`e-400}`, `int_value: 1`)
	f(`{"intValue":0.`+strings.Repeat("0", 399)+`1e400}`, `int_value: 1`)

	r := func(json, problem string) { t.Helper(); inValue.refuses(t, json, "intValue", problem) }
	r(`{"intValue":9223372036854775808}`, `integer is out of range: "9223372036854775808"`)
	r(`{"intValue":"-9223372036854775809"}`, `out of range`)
	r(`{"intValue":99999999999999999999}`, `out of range`)
	r(`{"intValue":"18446744073709551617"}`, `out of range`)
	r(`{"intValue":1`+strings.Repeat("0", 400)+`}`, `out of range: "1`+strings.Repeat("0", 47)+`"…`)
	r(`{"intValue":1e999999999999999999999}`, `out of range`)
	r(`{"intValue":1.5}`, `must be an integer, not "1.5"`)
	r(`{"intValue":1e-1}`, `must be an integer`)
	r(`{"intValue":1e-999999999999999999999}`, `must be an integer`)
	r(`{"intValue":"1x"}`, `must be an integer, not "1x"`)
	r(`{"intValue":" 1"}`, `must be an integer, not " 1"`)
	r(`{"intValue":"1 "}`, `must be an integer, not "1 "`)
	r(`{"intValue":""}`, `must be an integer, not ""`)
	r(`{"intValue":"+1"}`, `must be an integer, not "+1"`)
	r(`{"intValue":"01"}`, `must be an integer, not "01"`)
	r(`{"intValue":"null"}`, `must be an integer, not "null"`)
	r(`{"intValue":true}`, `must be an integer, not a boolean`)
	r(`{"intValue":{}}`, `must be an integer, not an object`)
	// RFC 8259 has no such numbers.
	r(`{"intValue":01}`, `"01" is not a number`)
	r(`{"intValue":-}`, `"-" is not a number`)
	r(`{"intValue":-01}`, `"-01" is not a number`)
	r(`{"intValue":1.}`, `"1." is not a number`)
	r(`{"intValue":1e}`, `"1e" is not a number`)
	r(`{"intValue":1e+}`, `"1e+" is not a number`)
	r(`{"intValue":+1}`, `unexpected "+"`)
	r(`{"intValue":.5}`, `unexpected "."`)
	r(`{"intValue":0x10}`, `unexpected "x"`)
	r(`{"intValue":1_000}`, `unexpected "_"`)
}

func TestJ2IntegersOfEverySize(t *testing.T) {
	f := func(json, want string) { t.Helper(); inSpan.reads(t, json, want) }
	f(`{"startTimeUnixNano":"18446744073709551615"}`, `start_time_unix_nano: 18446744073709551615`)
	f(`{"startTimeUnixNano":18446744073709551615}`, `start_time_unix_nano: 18446744073709551615`)
	f(`{"startTimeUnixNano":1544712660300000000}`, `start_time_unix_nano: 1544712660300000000`)
	f(`{"flags":"4294967295","droppedEventsCount":"4294967295"}`, `flags: 4294967295 dropped_events_count: 4294967295`)
	f(`{"flags":257,"droppedEventsCount":1e2}`, `flags: 257 dropped_events_count: 100`)
	f(`{"flags":-0,"droppedEventsCount":"-0"}`, ``)
	r := func(json, path, problem string) { t.Helper(); inSpan.refuses(t, json, path, problem) }
	r(`{"startTimeUnixNano":"18446744073709551616"}`, "startTimeUnixNano", `out of range`)
	r(`{"startTimeUnixNano":-1}`, "startTimeUnixNano", `out of range`)
	r(`{"flags":4294967296}`, "flags", `out of range`)
	r(`{"droppedLinksCount":"-1"}`, "droppedLinksCount", `out of range`)

	e := func(json, want string) { t.Helper(); inExponential.reads(t, json, want) }
	e(`{"scale":-3,"positive":{"offset":"-2147483648","bucketCounts":["1",300,"18446744073709551615"]},"negative":{"offset":2147483647}}`,
		`scale: -3 positive { offset: -2147483648 bucket_counts: [1, 300, 18446744073709551615] } negative { offset: 2147483647 }`)
	inExponential.refuses(t, `{"scale":2147483648}`, "scale", `out of range`)
	inExponential.refuses(t, `{"scale":-2147483649}`, "scale", `out of range`)

	p := func(json, want string) { t.Helper(); inPoint.reads(t, json, want) }
	p(`{"asInt":"-5","timeUnixNano":"7"}`, `as_int: -5 time_unix_nano: 7`)
	p(`{"asInt":0}`, `as_int: 0`)
}

func TestPackedLists(t *testing.T) {
	f := func(json, want string) { t.Helper(); inHistogram.reads(t, json, want) }
	f(`{"bucketCounts":["0",1,"2"],"explicitBounds":[0,-0.5,"1e3"]}`, `bucket_counts: [0, 1, 2] explicit_bounds: [0, -0.5, 1000]`)
	f(`{"bucketCounts":[],"explicitBounds":[ ]}`, ``)
	f(`{"bucketCounts":[`+strings.Repeat("7,", 99)+`7]}`, `bucket_counts: [`+strings.Repeat("7,", 99)+`7]`)
	inHistogram.refuses(t, `{"bucketCounts":[1,2,]}`, "bucketCounts[2]", `unexpected "]"`)
	inHistogram.refuses(t, `{"bucketCounts":[1,"x"]}`, "bucketCounts[1]", `must be an integer, not "x"`)
	inHistogram.refuses(t, `{"bucketCounts":[[1]]}`, "bucketCounts[0]", `must be an integer, not an array`)
	inHistogram.refuses(t, `{"bucketCounts":1}`, "bucketCounts", `must be an array, not a number`)
	inHistogram.refuses(t, `{"explicitBounds":[1 2]}`, "explicitBounds[0]", `want "," or "]"`)
}

func TestDoubles(t *testing.T) {
	f := func(json, want string) {
		t.Helper()
		inValue.reads(t, `{"doubleValue":`+json+`}`, `double_value: `+want)
	}
	f(`0`, `0`)
	f(`-0`, `-0`)
	f(`1`, `1`)
	f(`"1.5"`, `1.5`)
	f(`"-1.5e-3"`, `-0.0015`)
	f(`0.1`, `0.1`)
	f(`123456.789e3`, `123456789`)
	f(`9007199254740993`, `9007199254740992`)
	f(`0.30000000000000004`, `0.30000000000000004`)
	f(`1.7976931348623157e308`, `1.7976931348623157e308`)
	f(`5e-324`, `5e-324`)
	f(`1e-400`, `0`)
	f(`1E+22`, `1e22`)
	f(`1e23`, `1e23`)
	f(`12345678901234567890123456789012345678901234567890`, `1.2345678901234567e49`)
	f(`0.`+strings.Repeat("0", 300)+`1`, `1e-301`)
	r := func(json, problem string) {
		t.Helper()
		inValue.refuses(t, `{"doubleValue":`+json+`}`, "doubleValue", problem)
	}
	r(`1e309`, `number is out of range: "1e309"`)
	r(`"1e99999999999999999999"`, `out of range`)
	r(`"1,5"`, `must be a number, not "1,5"`)
	r(`"0x1p4"`, `must be a number`)
	r(`"inf"`, `must be a number`)
	r(`01.5`, `"01.5" is not a number`)
	r(`false`, `must be a number, not a boolean`)
}

func TestBooleans(t *testing.T) {
	f := func(json, want string) { t.Helper(); inValue.reads(t, json, want) }
	f(`{"boolValue":true}`, `bool_value: true`)
	f(`{"boolValue":false}`, `bool_value: false`)
	inValue.refuses(t, `{"boolValue":"true"}`, "boolValue", `must be true or false, not a string`)
	inValue.refuses(t, `{"boolValue":1}`, "boolValue", `must be true or false, not a number`)
	inValue.refuses(t, `{"boolValue":tru}`, "boolValue", `want true`)
}
