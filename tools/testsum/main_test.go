package main

import (
	"strings"
	"testing"
)

func TestSummarize(t *testing.T) {
	f := func(input string, want totals, output string) {
		t.Helper()
		var b strings.Builder
		got, err := summarize(strings.NewReader(input), &b)
		if err != nil || got.totals != want {
			t.Errorf("summarize(%s) = %+v, %v, want %+v", input, got.totals, err, want)
		}
		if b.String() != output {
			t.Errorf("summarize(%s) printed\n%s\nwant\n%s", input, b.String(), output)
		}
	}
	f("", totals{}, "")
	f("make: nothing to do\n", totals{}, "make: nothing to do\n")
	f(`{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"noise\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"no engine\n"}
{"Action":"skip","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Output":"PASS\n"}
{"Action":"pass","Package":"p","Elapsed":0.12}
{"Action":"skip","Package":"without/tests"}
`, totals{passed: 1, skipped: 1}, "no engine\nok   p 0.1s\n")
	f(`{"Action":"output","Package":"p","Test":"TestA/x","Output":"got 1\n"}
{"Action":"fail","Package":"p","Test":"TestA/x"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p","Elapsed":1}
`, totals{failed: 2}, "got 1\nFAIL p 1.0s\n")
	// A package that does not compile, one that panics, and a run that is cut off.
	f(`{"Action":"build-output","ImportPath":"p","Output":"p.go:1: no\n"}
{"Action":"build-fail","ImportPath":"p"}
{"Action":"fail","Package":"p","FailedBuild":"p"}
`, totals{failed: 1}, "p.go:1: no\nFAIL p 0.0s\n")
	f(`{"Action":"output","Package":"p","Test":"TestA","Output":"panic: boom\n"}
{"Action":"output","Package":"p","Output":"FAIL\tp\n"}
{"Action":"fail","Package":"p"}
`, totals{failed: 1}, "FAIL\tp\npanic: boom\nFAIL p 0.0s\n")
	f(`{"Action":"start","Package":"p"}
{"Action":"pass","Package":"p","Test":"TestA"}
`, totals{passed: 1, failed: 1}, "FAIL p: ended without a result\n")
}
