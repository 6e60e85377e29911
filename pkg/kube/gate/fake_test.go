package gate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// cluster is an API server in this process with one Deployment, whose pods count.
type cluster struct {
	t *testing.T

	mu sync.Mutex
	// generation, observed, revision and paused are of the Deployment, and template is which revision it describes.
	generation, observed, revision, template int
	paused                                   bool
	pods                                     []*counting
	away                                     error
	// resumed is called when the rollout is let go on.
	resumed func()
	told    []string // what pausing was asked for
}

// counting is a pod, and what it tells.
type counting struct {
	name     string
	revision int
	ready    bool
	restarts int
	started  time.Time
	silent   error
	report   map[string]any // beside started
	// grow is called before each answer.
	grow func(*counting)
}

func (c *cluster) lock() func() {
	c.mu.Lock()
	return c.mu.Unlock
}

// pod adds one that is ready and has counted nothing yet.
func (c *cluster) pod(name string, revision int) *counting {
	p := &counting{name: name, revision: revision, ready: true, started: time.Now(), report: map[string]any{}}
	c.pods = append(c.pods, p)
	return p
}

// counts makes a pod tell these figures.
func (p *counting) counts(requests, refused, attempts, failed int) {
	exporter := map[string]any{
		"name": "otlp", "attempts": attempts, "failed_attempts": failed,
		"queue": map[string]any{"used": 10, "capacity": 100, "oldest_age_seconds": 0.5},
	}
	if failed > 0 {
		exporter["error"] = "connection refused"
	}
	p.report["receivers"] = []any{map[string]any{"signals": map[string]any{"traces": map[string]any{
		"requests": requests, "accepted_items": 10 * (requests - refused), "refused_requests": map[string]any{"overload": refused},
	}}}}
	p.report["exporters"] = []any{exporter}
}

// Get answers as an API server does.
func (c *cluster) Get(_ context.Context, path string, _ url.Values) (io.ReadCloser, error) {
	defer c.lock()()
	if c.away != nil {
		return nil, c.away
	}
	_, inside, _ := strings.Cut(path, "/namespaces/ns/")
	parts := strings.Split(inside, "/")
	switch parts[0] {
	case "deployments":
		return c.deployment(), nil
	case "replicasets":
		return c.replicaSets(), nil
	}
	if len(parts) == 1 {
		return c.listPods(), nil
	}
	for _, p := range c.pods {
		if parts[1] == p.name+":8888" {
			return p.status()
		}
	}
	return nil, errors.New("not found")
}

func (c *cluster) body(text string) io.ReadCloser {
	document, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		c.t.Errorf("%v\n%s", err, text)
	}
	return io.NopCloser(bytes.NewReader(document))
}

func (c *cluster) deployment() io.ReadCloser {
	return c.body(fmt.Sprintf(`{metadata: {name: d, uid: d, generation: %d, annotations: {deployment.kubernetes.io/revision: "%d"}},
		spec: {replicas: 3, paused: %t, selector: {matchLabels: {app: d}}, template: {metadata: {labels: {template: "%d"}}}},
		status: {observedGeneration: %d}}`, c.generation, c.revision, c.paused, c.template, c.observed))
}

func (c *cluster) replicaSets() io.ReadCloser {
	var sets []string
	for r := 1; r <= c.revision; r++ {
		sets = append(sets, fmt.Sprintf(`{metadata: {name: r%[1]d, uid: r%[1]d, annotations: {deployment.kubernetes.io/revision: "%[1]d"},
			ownerReferences: [{uid: d, controller: true}]}, spec: {replicas: %[2]d, template: {metadata: {labels: {template: "%[1]d", pod-template-hash: x}}}}}`,
			r, c.count(r)))
	}
	return c.body("{items: [" + strings.Join(sets, ", ") + "]}")
}

// count returns how many pods a revision has.
func (c *cluster) count(revision int) int {
	n := 0
	for _, p := range c.pods {
		if p.revision == revision {
			n++
		}
	}
	return n
}

func (c *cluster) listPods() io.ReadCloser {
	var pods []string
	for _, p := range c.pods {
		condition := `{type: Ready, status: "False", reason: ContainersNotReady}`
		if p.ready {
			condition = `{type: Ready, status: "True"}`
		}
		pods = append(pods, fmt.Sprintf(`{metadata: {name: "%[1]s", uid: "%[1]s", namespace: ns, ownerReferences: [{uid: r%[2]d, controller: true}]},
			spec: {nodeName: node, containers: [{name: otlp-receiver, ports: [{name: metrics, containerPort: 8888}], readinessProbe: {httpGet: {port: metrics}}}]},
			status: {conditions: [%[3]s], containerStatuses: [{name: otlp-receiver, ready: %[4]t, started: true, restartCount: %[5]d, state: {running: {}}}]}}`,
			p.name, p.revision, condition, p.ready, p.restarts))
	}
	return c.body("{items: [" + strings.Join(pods, ", ") + "]}")
}

func (p *counting) status() (io.ReadCloser, error) {
	if p.grow != nil {
		p.grow(p)
	}
	if p.silent != nil {
		return nil, p.silent
	}
	p.report["started"] = p.started
	text, err := json.Marshal(p.report)
	return io.NopCloser(bytes.NewReader(text)), err
}

// pause is what the rollout is steered by. The cluster acts on it a moment later.
func (c *cluster) pause(_ context.Context, paused bool) error {
	defer c.lock()()
	c.told = append(c.told, map[bool]string{true: "pause", false: "resume"}[paused])
	c.paused = paused
	c.generation++
	if !paused && c.resumed != nil {
		time.AfterFunc(time.Second, func() {
			defer c.lock()()
			c.resumed()
			c.observed = c.generation
		})
	}
	return nil
}
