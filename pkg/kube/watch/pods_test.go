package watch

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
)

// pages answers a list in two parts.
type pages []string

// Get answers with the first part, and if that is continued with the second.
func (p pages) Get(_ context.Context, path string, query url.Values) (io.ReadCloser, error) {
	text := `{"metadata":{"continue":"more"},"items":[` + p[0] + `]}`
	if query.Get("continue") == "more" {
		text = `{"items":[` + p[1] + `]}`
	}
	if path != "/api/v1/pods" || query.Get("limit") == "" {
		return nil, fmt.Errorf("asked for %s with %v", path, query)
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

func TestPods(t *testing.T) {
	const ready, not = `"conditions":[{"type":"Ready","status":"True"}]`, `"conditions":[{"type":"Ready","status":"False"}]`
	one := func(name, more, phase, conditions string) string {
		return `{"metadata":{"namespace":"ns","name":"` + name + `"` + more + `},"status":{"phase":"` + phase + `",` + conditions + `,"podIPs":[{"ip":"10.0.0.1"},{"ip":"fd00::1"}]}}`
	}
	all, err := Pods(t.Context(), pages{
		one("a", `,"annotations":{"otlpctl.io/config-hash":"aa"}`, "Running", ready) + "," + one("b", "", "Running", not),
		one("c", "", "Failed", not) + "," + one("d", `,"deletionTimestamp":"2026-01-01T00:00:00Z"`, "Running", ready),
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range all {
		got = append(got, fmt.Sprintf("%s/%s %q %s%v", p.Namespace, p.Name, p.State, p.ConfigHash, p.IPs))
	}
	want := `ns/a "running" aa[10.0.0.1 fd00::1]
ns/b "running, but not ready" [10.0.0.1 fd00::1]
ns/c "failed" []
ns/d "being deleted" [10.0.0.1 fd00::1]`
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("they are\n%s\nwant\n%s", text, want)
	}
}
