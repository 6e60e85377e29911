package watch

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/otlpctl/otlpctl/pkg/kube/ready"
	appsv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/apps/v1"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// configHash is the annotation with the hash of the configuration: of a Deployment, what is deployed, and
// of a pod, what it was started with.
const configHash = "otlpctl.io/config-hash"

// Status is how a deployment is. In JSON it is API.
type Status struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// State sums up: it is ready once all pods are new and ready, have the configuration that is deployed,
	// and can be reached.
	ready.State

	// Revision is how the cluster counts ReplicaSets: not that of otlpctl.
	Revision   string   `json:"replicaset_revision,omitempty"`
	Image      string   `json:"image"`
	ConfigHash string   `json:"config_hash,omitempty"`
	Replicas   Replicas `json:"replicas"`

	Pods             []PodStatus  `json:"pods"`
	Services         []Service    `json:"services"`
	Autoscaler       *Autoscaler  `json:"autoscaler,omitempty"`
	DisruptionBudget *Budget      `json:"disruption_budget,omitempty"`
	Claims           []OtherState `json:"claims,omitempty"`
	// Registries are those in which the pods make themselves known. That one does not know them keeps nothing from
	// being ready.
	Registries []Registry `json:"registries,omitempty"`
	// Unknown is what could not be asked for, and why.
	Unknown []string `json:"unknown,omitempty"`
}

// Replicas counts pods.
type Replicas struct {
	Desired   int32 `json:"desired"`
	Current   int32 `json:"current"`
	Updated   int32 `json:"updated"`
	Ready     int32 `json:"ready"`
	Available int32 `json:"available"`
}

// PodStatus is how a pod is. In JSON it is API.
type PodStatus struct {
	Name string `json:"name"`
	ready.State

	// Old says that the pod is of an earlier revision.
	Old         bool      `json:"old"`
	Node        string    `json:"node,omitempty"`
	Zone        string    `json:"zone,omitempty"`
	IP          string    `json:"ip,omitempty"`
	Created     time.Time `json:"created"`
	Restarts    int32     `json:"restarts"`
	Image       string    `json:"image"`
	ImageDigest string    `json:"image_digest,omitempty"`
	// ConfigHash is that of the configuration which the pod has, as far as that is known.
	ConfigHash    string `json:"config_hash,omitempty"`
	ConfigProblem string `json:"config_problem,omitempty"`
}

// OtherState is how an object is that belongs to a deployment.
type OtherState struct {
	Name string `json:"name"`
	ready.State
}

// Look asks how a deployment is.
func Look(ctx context.Context, api API, namespace, name string) (*Status, error) {
	l, err := newLook(ctx, api, namespace, name)
	if err != nil {
		return nil, err
	}
	return l.status(ctx), nil
}

func newLook(ctx context.Context, api API, namespace, name string) (*look, error) {
	d, query, err := deploymentOf(ctx, api, namespace, name)
	if err != nil {
		return nil, err
	}
	l := &look{api: api, namespace: namespace, now: time.Now(), objects: ready.Objects{Deployment: d}}
	l.labels = d.Spec.Template.Labels
	return l, l.read(ctx, query)
}

// look is what Look has read.
type look struct {
	api       API
	namespace string
	now       time.Time
	labels    labels.Set // of the pods
	objects   ready.Objects

	mu      sync.Mutex
	unknown []string
}

// read reads what a rollout is judged by.
func (l *look) read(ctx context.Context, query url.Values) error {
	sets, err := list[appsv1.ReplicaSet](ctx, l.api, at(apps, l.namespace, "replicasets"), query)
	if err != nil {
		return err
	}
	pods, err := list[corev1.Pod](ctx, l.api, at(core, l.namespace, "pods"), query)
	if err != nil {
		return err
	}
	l.objects.ReplicaSets, l.objects.Pods = sets.Items, pods.Items
	events, err := list[corev1.Event](ctx, l.api, at(core, l.namespace, "events"), url.Values{"fieldSelector": {notRoutine}})
	if err != nil {
		l.cannot("events", err)
		return nil
	}
	for _, e := range events.Items {
		l.objects.Events = append(l.objects.Events, *e)
	}
	return nil
}

// cannot remembers what could not be read.
func (l *look) cannot(what string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unknown = append(l.unknown, what+": "+err.Error())
}

func (l *look) status(ctx context.Context) *Status {
	d := l.objects.Deployment
	verdict := ready.Rollout(l.objects, l.now)
	s := &Status{
		Namespace: d.Namespace, Name: d.Name, State: verdict.State,
		Revision: d.Annotations["deployment.kubernetes.io/revision"], ConfigHash: d.Annotations[configHash],
		Replicas: Replicas{
			Desired: ready.Desired(d), Current: d.Status.Replicas, Updated: d.Status.UpdatedReplicas,
			Ready: d.Status.ReadyReplicas, Available: d.Status.AvailableReplicas,
		},
	}
	if i := slices.IndexFunc(d.Spec.Template.Spec.Containers, func(c corev1.Container) bool { return c.Name == receiver }); i >= 0 {
		s.Image = d.Spec.Template.Spec.Containers[i].Image
	}
	s.Pods = l.pods(ctx, verdict, s.ConfigHash)
	l.others(ctx, s)
	s.sum()
	slices.Sort(l.unknown)
	s.Unknown = l.unknown
	return s
}

// sum lowers the verdict on the rollout for what a rollout does not look at.
func (s *Status) sum() {
	if s.Phase != ready.Ready {
		return
	}
	for _, p := range s.Pods {
		if !p.Old && p.Phase != ready.Ready {
			s.State = ready.State{Phase: p.Phase, Why: "pod/" + p.Name + ": " + p.Why}
			return
		}
	}
	if s.Replicas.Desired == 0 {
		return
	}
	for _, o := range s.Services {
		if o.Phase != ready.Ready {
			s.State = ready.State{Phase: o.Phase, Why: "service/" + o.Name + ": " + o.Why}
			return
		}
	}
}

// pods describes the pods, in the order of the tree.
func (l *look) pods(ctx context.Context, verdict ready.Verdict, deployed string) []PodStatus {
	byUID := map[types.UID]*corev1.Pod{}
	for _, p := range l.objects.Pods {
		byUID[p.UID] = p
	}
	zones := l.zones(ctx)
	all := []PodStatus{}
	var unasked []*corev1.Pod
	var places []int
	for _, line := range verdict.Lines {
		pod := byUID[line.UID]
		if line.Kind != "pod" || pod == nil {
			continue
		}
		s := describe(pod, line)
		s.Zone = zones[s.Node]
		if s.ConfigHash == "" && s.Phase == ready.Ready {
			unasked, places = append(unasked, pod), append(places, len(all))
		}
		all = append(all, s)
	}
	for i, report := range askAll(ctx, l.api, unasked) {
		all[places[i]].tell(report, deployed)
	}
	return all
}

func describe(pod *corev1.Pod, line ready.Line) PodStatus {
	s := PodStatus{
		Name: pod.Name, State: line.State, Old: line.Old, Node: pod.Spec.NodeName, IP: pod.Status.PodIP,
		Created: pod.CreationTimestamp.UTC(), ConfigHash: pod.Annotations[configHash],
	}
	for _, c := range pod.Status.ContainerStatuses {
		s.Restarts += c.RestartCount
		if c.Name == receiver {
			s.Image, s.ImageDigest = c.Image, digest(c.ImageID)
		}
	}
	if i := slices.IndexFunc(pod.Spec.Containers, func(c corev1.Container) bool { return c.Name == receiver }); i >= 0 {
		s.Image = cmp.Or(pod.Spec.Containers[i].Image, s.Image)
	}
	return s
}

// digest returns that of an image, of what a node calls it.
func digest(id string) string {
	if i := strings.LastIndexByte(id, '@'); i >= 0 {
		id = id[i+1:]
	}
	if !strings.Contains(id, ":") || strings.Contains(id, "://") {
		return ""
	}
	return id
}

// tell takes over what a pod says about its configuration.
func (s *PodStatus) tell(c Config, deployed string) {
	s.ConfigHash, s.ConfigProblem = c.Hash, cmp.Or(c.Problem, c.Error)
	switch {
	case c.Error != "" || deployed == "" || c.Hash == deployed:
	case c.Problem != "":
		s.State = ready.State{Phase: ready.Failed, Why: "refuses the new configuration: " + c.Problem}
	default:
		s.State = ready.State{Phase: ready.Progressing, Why: "has not read the new configuration yet"}
	}
}

// zones returns the zone of every node that has a pod.
func (l *look) zones(ctx context.Context) map[string]string {
	zones := map[string]string{}
	for _, pod := range l.objects.Pods {
		node := pod.Spec.NodeName
		if _, known := zones[node]; known || node == "" {
			continue
		}
		n, err := get[corev1.Node](ctx, l.api, core+"/nodes/"+url.PathEscape(node), nil)
		if err != nil {
			l.cannot("zones of the nodes", err)
			return zones
		}
		zones[node] = n.Labels[corev1.LabelTopologyZone]
	}
	return zones
}
