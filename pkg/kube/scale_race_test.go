package kube

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
)

// scalingServer is an API server with a Deployment that is scaled, and says no to changes as often as it is told.
type scalingServer struct {
	conflicts int
	patches   []string
}

func (s *scalingServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.Method == http.MethodPatch && len(s.patches) < s.conflicts:
		s.patches = append(s.patches, "conflict")
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Conflict", "code": 409, "message": "the object has been modified"}`)
	case r.Method == http.MethodPatch:
		body, _ := io.ReadAll(r.Body)
		s.patches = append(s.patches, r.URL.Query().Get("fieldManager")+" "+string(body))
		_, _ = w.Write(body)
	case strings.HasSuffix(r.URL.Path, "/horizontalpodautoscalers"):
		_, _ = io.WriteString(w, `{"kind": "HorizontalPodAutoscalerList", "apiVersion": "autoscaling/v2", "items": []}`)
	default:
		_, _ = io.WriteString(w, `{"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"namespace": "ns", "name": "d", "resourceVersion": "7", "labels": {"a": "b"},
			"managedFields": [{"manager": "otlpctl", "operation": "Apply", "apiVersion": "apps/v1", "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:replicas": {}, "f:minReadySeconds": {}}}}]},
			"spec": {"replicas": 3, "minReadySeconds": 10, "paused": true}}`)
	}
}

// What somebody else changes in the same moment is read again, and only so often.
func TestScaleRace(t *testing.T) {
	f := func(conflicts int, fails bool, want ...string) {
		t.Helper()
		s := &scalingServer{conflicts: conflicts}
		server := httptest.NewServer(s)
		defer server.Close()
		c, err := newClient("test", &rest.Config{Host: server.URL}, 0)
		if err != nil {
			t.Fatal(err)
		}
		done, err := c.Scale(t.Context(), testTarget, ScaleRequest{Pods: new(int64(5))})
		if (err != nil) != fails {
			t.Fatalf("error %v", err)
		}
		if err == nil && (done.Action != Configured || !done.Paused || done.Current != 3) {
			t.Errorf("it is %+v", done)
		}
		if got := strings.Join(s.patches, "\n"); got != strings.Join(want, "\n") {
			t.Errorf("applied was\n%s\nwant\n%s", got, strings.Join(want, "\n"))
		}
	}
	const applied = `otlpctl {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","namespace":"ns","resourceVersion":"7"},"spec":{"minReadySeconds":10,"replicas":5}}`
	f(0, false, applied)
	f(2, false, "conflict", "conflict", applied)
	f(scaleTries, true, "conflict", "conflict", "conflict", "conflict", "conflict")
}
