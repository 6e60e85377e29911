package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// events returns what go test -json says of tests of the package p that fail, by their outputs.
func events(t *testing.T, names []string, outputs ...string) string {
	t.Helper()
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	for i, name := range names {
		for line := range strings.Lines(outputs[i]) {
			if err := out.Encode(event{Action: "output", Package: "p", Test: name, Output: line}); err != nil {
				t.Fatal(err)
			}
		}
		if err := out.Encode(event{Action: "fail", Package: "p", Test: name}); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// wantRepeated checks what is said once more of a run.
func wantRepeated(t *testing.T, input, want string) {
	t.Helper()
	s, err := summarize(strings.NewReader(input), &strings.Builder{})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	repeat(&b, s.failures)
	if b.String() != want {
		t.Errorf("of\n%s\nit repeats\n%s\nwant\n%s", input, b.String(), want)
	}
}

func TestRepeat(t *testing.T) {
	wantRepeated(t, `{"Action":"pass","Package":"p","Test":"TestA"}`, "")
	// A child that fails; its parent, which says nothing itself, shows the log of a program.
	child := `=== RUN   TestA/x
=== PAUSE TestA/x
=== CONT  TestA/x
2026/11/25 20:27:27 http: proxy error
    a_test.go:3: after 3 ms
    a_test.go:4: got
        1

          2
noise
    a_test.go:5: waited for the end
    run.go:30: otlpctl:
        --- otlpctl.stderr
        error: of the program
    etcd.go:53: etcd has ended; its last words:
        --- etcd.stderr
        no space
--- FAIL: TestA/x (1.00s)
`
	child = strings.Replace(child, "1\n\n", "1\n        \n", 1)
	parent := "    shared.go:42: kubernetes:\n        --- etcd.stderr\n            a_test.go:9: no\n--- FAIL: TestA (1.00s)\n"
	wantRepeated(t, events(t, []string{"TestA/x", "TestA"}, child, parent), `
What failed:
--- TestA/x
    a_test.go:3: after 3 ms
    a_test.go:4: got
        1
        
          2
    a_test.go:5: waited for the end
    etcd.go:53: etcd has ended; its last words:
        --- etcd.stderr
        no space
--- TestA
`)
	wantRepeated(t, events(t, []string{"TestB"}, "--- FAIL: TestB (0.00s)\npanic: boom\n\ngoroutine 21 [running]:\n"),
		"\nWhat failed:\n--- TestB\npanic: boom\n\ngoroutine 21 [running]:\n")
}

// What is long keeps its ends, and of what is much the last is kept.
func TestRepeatLittle(t *testing.T) {
	var long, much strings.Builder
	long.WriteString("    a_test.go:1: the text\n")
	for i := range 100 {
		fmt.Fprintf(&long, "        line %d\n", i)
		fmt.Fprintf(&much, "    a_test.go:2: step %d\n", i)
	}
	wantRepeated(t, events(t, []string{"TestLong"}, long.String()), `
What failed:
--- TestLong
    a_test.go:1: the text
        line 0
        line 1
        line 2
        line 3
        line 4
        line 5
        [… 90 lines]
        line 96
        line 97
        line 98
        line 99
`)
	wantRepeated(t, events(t, []string{"TestWide"}, "    a_test.go:1: "+strings.Repeat("é", lineBytes)+"\n"),
		"\nWhat failed:\n--- TestWide\n    a_test.go:1: "+strings.Repeat("é", 141)+"…\n")
	var names, outputs []string
	for i := range 40 {
		names, outputs = append(names, fmt.Sprint("Test", i)), append(outputs, much.String())
	}
	for n, most := range map[int]int{1: failureLines, 8: 10, 40: leastLines} {
		s, err := summarize(strings.NewReader(events(t, names[:n], outputs...)), &strings.Builder{})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		repeat(&b, s.failures)
		if got, want := strings.Count(b.String(), ": step "), n*most; got != want || !strings.HasSuffix(b.String(), ": step 99\n") {
			t.Errorf("of %d tests it repeats %d lines, want %d:\n%s", n, got, want, b.String())
		}
	}
}

// A package that fails outside its tests is one of the failures.
func TestRepeatPackages(t *testing.T) {
	wantRepeated(t, `{"Action":"build-output","ImportPath":"p [p.test]","Output":"# p\n"}
{"Action":"build-output","ImportPath":"p [p.test]","Output":"p.go:1: no\n"}
{"Action":"build-fail","ImportPath":"p [p.test]"}
{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}
{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}
`, "\nWhat failed:\n--- p\n# p\np.go:1: no\nFAIL\tp [build failed]\n")
	wantRepeated(t, `{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"panic: test timed out after 60m0s\n"}
{"Action":"output","Package":"p","Output":"FAIL\tp\n"}
{"Action":"fail","Package":"p"}
`, "\nWhat failed:\n--- p\npanic: test timed out after 60m0s\n")
	wantRepeated(t, `{"Action":"output","Package":"p","Output":"kubernetes: it does not stop\n"}
{"Action":"output","Package":"p","Output":"FAIL\tp\n"}
{"Action":"fail","Package":"p"}
`, "\nWhat failed:\n--- p\nkubernetes: it does not stop\nFAIL\tp\n")
}
