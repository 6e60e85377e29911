package watch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// cluster is an API server in this process: it lists and watches objects, and has logs and pods that answer.
type cluster struct {
	t *testing.T

	mu      sync.Mutex
	version int
	objects map[string]map[string]any // by resource and name
	history []stored
	// forgotten is the version up to which the history is gone.
	forgotten int
	watches   []chan struct{} // closed to end them
	changed   chan struct{}   // closed at every change
	away      error           // what every request is answered with
	refused   map[string]int  // by resource: a status
	asked     []string        // paths, with what is asked for
	logs      map[string]func() (io.ReadCloser, error)
	status    map[string]string // by pod: what /status answers
}

// stored is a change that watches are told.
type stored struct {
	version  int
	resource string
	change   map[string]any
}

func newCluster(t *testing.T) *cluster {
	return &cluster{
		t: t, objects: map[string]map[string]any{}, changed: make(chan struct{}), refused: map[string]int{},
		logs: map[string]func() (io.ReadCloser, error){}, status: map[string]string{},
	}
}

// put makes or changes an object, which is YAML.
func (c *cluster) put(resource, text string) {
	c.t.Helper()
	var object map[string]any
	if err := yaml.Unmarshal([]byte(text), &object); err != nil {
		c.t.Fatalf("%v\n%s", err, text)
	}
	name := object["metadata"].(map[string]any)["name"].(string)
	c.mu.Lock()
	defer c.mu.Unlock()
	kind := "MODIFIED"
	if c.objects[resource] == nil {
		c.objects[resource] = map[string]any{}
	}
	if c.objects[resource][name] == nil {
		kind = "ADDED"
	}
	c.objects[resource][name] = object
	c.record(resource, kind, object)
}

func (c *cluster) remove(resource, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	object := c.objects[resource][name].(map[string]any)
	delete(c.objects[resource], name)
	c.record(resource, "DELETED", object)
}

func (c *cluster) record(resource, kind string, object map[string]any) {
	c.version++
	object["metadata"].(map[string]any)["resourceVersion"] = strconv.Itoa(c.version)
	if object["metadata"].(map[string]any)["uid"] == nil {
		object["metadata"].(map[string]any)["uid"] = object["metadata"].(map[string]any)["name"]
	}
	text, _ := json.Marshal(object)
	c.history = append(c.history, stored{c.version, resource, map[string]any{"type": kind, "object": json.RawMessage(text)}})
	close(c.changed)
	c.changed = make(chan struct{})
}

// cut ends all watches, as a server that restarts does.
func (c *cluster) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.watches {
		close(w)
	}
	c.watches = nil
}

// forget makes all versions too old to watch from.
func (c *cluster) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgotten = c.version
}

func (c *cluster) setAway(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = err
}

func (c *cluster) requests(part string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, path := range c.asked {
		if strings.Contains(path, part) {
			n++
		}
	}
	return n
}

func answered(code int) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Code: int32(code), Message: strings.ToLower(http.StatusText(code)), Reason: map[int]metav1.StatusReason{http.StatusGone: metav1.StatusReasonExpired}[code],
	}}
}

// Get answers as an API server does.
func (c *cluster) Get(ctx context.Context, at string, query url.Values) (io.ReadCloser, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, at+"?"+query.Encode())
	_, rest, namespaced := strings.Cut(at, "/namespaces/ns/")
	if !namespaced {
		rest = strings.TrimPrefix(at, core+"/")
	}
	parts := strings.Split(rest, "/")
	resource := parts[0]
	switch {
	case c.away != nil:
		return nil, c.away
	case c.refused[resource] != 0:
		return nil, answered(c.refused[resource])
	case path.Base(at) == "log":
		key := parts[1]
		if query.Get("previous") == "true" {
			key += " previous"
		}
		if c.logs[key] == nil {
			return nil, answered(http.StatusBadRequest)
		}
		return c.logs[key]()
	case path.Base(at) == "status":
		return io.NopCloser(strings.NewReader(c.status[parts[1]])), nil
	case len(parts) > 1 && c.objects[resource][parts[1]] == nil:
		return nil, answered(http.StatusNotFound)
	case len(parts) > 1:
		return body(c.objects[resource][parts[1]]), nil
	case query.Get("watch") == "true":
		return c.watch(ctx, resource, query.Get("resourceVersion"))
	}
	items := []any{}
	for _, object := range c.objects[resource] {
		items = append(items, object)
	}
	return body(map[string]any{"metadata": map[string]any{"resourceVersion": strconv.Itoa(c.version)}, "items": items}), nil
}

func body(object any) io.ReadCloser {
	text, _ := json.Marshal(object)
	return io.NopCloser(strings.NewReader(string(text)))
}

func (c *cluster) watch(ctx context.Context, resource, from string) (io.ReadCloser, error) {
	version, err := strconv.Atoi(from)
	if err != nil {
		return nil, err
	}
	if version < c.forgotten {
		return nil, answered(http.StatusGone)
	}
	end := make(chan struct{})
	c.watches = append(c.watches, end)
	r, w := io.Pipe()
	context.AfterFunc(ctx, func() { _ = w.CloseWithError(ctx.Err()) })
	go func() {
		for {
			changes, more := c.since(resource, version)
			for _, change := range changes {
				version = change.version
				if json.NewEncoder(w).Encode(change.change) != nil {
					return
				}
			}
			select {
			case <-more:
			case <-end:
				_ = w.Close()
				return
			case <-ctx.Done():
				return
			}
		}
	}()
	return r, nil
}

func (c *cluster) since(resource string, version int) (changes []stored, more chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, change := range c.history {
		if change.version > version && change.resource == resource {
			changes = append(changes, change)
		}
	}
	return changes, c.changed
}

// errRefused is what a client gets while there is no server.
var errRefused = errors.New("connection refused")

// deployment and pod are objects of a rollout of one pod.
func deployment(status string) string {
	return `{metadata: {name: d, uid: d, generation: 1, annotations: {deployment.kubernetes.io/revision: "1"}},
		spec: {replicas: 1, selector: {matchLabels: {app: d}}}, status: {observedGeneration: 1, ` + status + `}}`
}

const replicaSet = `{metadata: {name: r, uid: r, annotations: {deployment.kubernetes.io/revision: "1"},
	ownerReferences: [{uid: d, controller: true}]}, spec: {replicas: 1}, status: {replicas: 1}}`

func pod(name, status string) string {
	return fmt.Sprintf(`{metadata: {name: %s, uid: %[1]s, namespace: ns, ownerReferences: [{uid: r, controller: true}]},
		spec: {nodeName: node, containers: [{name: otlp-receiver, ports: [{name: metrics, containerPort: 8888}],
		readinessProbe: {httpGet: {port: metrics}}}]}, status: {%s}}`, name, status)
}

const (
	available = `replicas: 1, updatedReplicas: 1, availableReplicas: 1`
	isReady   = `conditions: [{type: Ready, status: "True"}], containerStatuses: [{name: otlp-receiver, containerID: a, ready: true, started: true, state: {running: {}}}]`
	isNew     = `containerStatuses: [{name: otlp-receiver, state: {waiting: {reason: ContainerCreating}}}]`
	isCrashed = `containerStatuses: [{name: otlp-receiver, containerID: a, restartCount: 1, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 2}}}]`
)

// begun is a cluster in which a rollout of one pod has begun.
func begun(t *testing.T) *cluster {
	c := newCluster(t)
	c.put("deployments", deployment("replicas: 1, updatedReplicas: 1"))
	c.put("replicasets", replicaSet)
	c.put("pods", pod("p", isNew))
	return c
}

func sorted(lines []string) []string { return slices.Sorted(slices.Values(lines)) }
