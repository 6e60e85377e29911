package kube

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// Bounds are how many pods there may be: a number, or what an autoscaler keeps to. In JSON it is API.
type Bounds struct {
	// Replicas is the number; nil if an autoscaler decides on it.
	Replicas *int64 `json:"replicas,omitempty"`
	// Min and Max are those of the autoscaler; nil if there is none.
	Min *int64 `json:"min_replicas,omitempty"`
	Max *int64 `json:"max_replicas,omitempty"`
}

// Least returns how many pods there are at least.
func (b Bounds) Least() int64 {
	if b.Replicas != nil {
		return *b.Replicas
	}
	return *b.Min
}

// Most returns how many pods there are at most.
func (b Bounds) Most() int64 {
	if b.Replicas != nil {
		return *b.Replicas
	}
	return *b.Max
}

// ScaleRequest is how many pods somebody wants; nil is as it is.
type ScaleRequest struct {
	// Pods is a number of pods; with an autoscaler, how many at least.
	Pods *int64
	// Min and Max are bounds of the autoscaler.
	Min *int64
	Max *int64
	// Force takes the fields over if others have set them.
	Force bool
	// DryRun changes nothing.
	DryRun bool
}

// Scaling is what a request comes to. In JSON it is API.
type Scaling struct {
	Target
	// Object is what has the bounds: the HorizontalPodAutoscaler, or the Deployment if there is none.
	Object Ref    `json:"object"`
	Action Action `json:"action"`
	Before Bounds `json:"before"`
	After  Bounds `json:"after"`
	// Raised says that the most pods were raised, as more than that are wanted.
	Raised bool `json:"max_raised,omitempty"`
	// Current is how many pods the Deployment is to have before anything has changed.
	Current int64 `json:"current_replicas"`
	// Paused says that the Deployment replaces no pods.
	Paused bool `json:"paused,omitempty"`

	object *unstructured.Unstructured
}

// scaleTries is how often the bounds are set anew when somebody else changes the object in the same moment.
const scaleTries = 5

// Scale sets how many pods there are to be, and nothing else. It is no revision and needs no lease: what
// somebody else changes in the same moment stays. A dry run says what would come of it.
func (c *Client) Scale(ctx context.Context, t Target, want ScaleRequest) (*Scaling, error) {
	for try := 1; ; try++ {
		s, err := c.Scaling(ctx, t)
		if err != nil {
			return nil, err
		}
		if err := s.Decide(want); err != nil {
			return nil, err
		}
		if s.Action == Unchanged {
			return s, nil
		}
		err = c.setBounds(ctx, s, want)
		switch {
		case err == nil:
			return s, nil
		case !apierrors.IsConflict(err) || try == scaleTries:
			return nil, err
		}
	}
}

// Scaling returns how many pods a Deployment may have now.
func (c *Client) Scaling(ctx context.Context, t Target) (*Scaling, error) {
	d, err := c.existing(ctx, t)
	if err != nil {
		return nil, err
	}
	s := &Scaling{Target: t, Object: t.deployment(), Action: Unchanged, Current: 1, Paused: isPaused(d), object: d}
	if n, set := replicas(d); set {
		s.Current = n
	}
	scaler, err := c.autoscaler(ctx, t)
	if err != nil {
		return nil, err
	}
	s.Before = Bounds{Replicas: new(s.Current)}
	if scaler != nil {
		s.object, s.Object = scaler, refOf(scaler)
		s.Before = autoscalerBounds(scaler)
	}
	s.After = s.Before
	return s, nil
}

// existing returns the Deployment. That there is none is an error.
func (c *Client) existing(ctx context.Context, t Target) (*unstructured.Unstructured, error) {
	now, err := c.read(ctx, t.deployment())
	if err == nil && now == nil {
		err = NoDeployment(t)
	}
	return now, err
}

// autoscaler returns the HorizontalPodAutoscaler of a Deployment, whoever has made it; nil is none.
func (c *Client) autoscaler(ctx context.Context, t Target) (*unstructured.Unstructured, error) {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	list, err := c.resource(Ref{"autoscaling/v2", autoscalerKind, t.Namespace, ""}).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list the autoscalers in %s: %w", t.Namespace, c.Explain(err))
	}
	for i, u := range list.Items {
		kind, _, _ := unstructured.NestedString(u.Object, "spec", "scaleTargetRef", "kind")
		name, _, _ := unstructured.NestedString(u.Object, "spec", "scaleTargetRef", "name")
		if kind == "Deployment" && name == t.Name {
			return &list.Items[i], nil
		}
	}
	return nil, nil //nolint:nilnil // there is none, and that is no error
}

const autoscalerKind = "HorizontalPodAutoscaler"

func autoscalerBounds(u *unstructured.Unstructured) Bounds {
	least, set, _ := unstructured.NestedInt64(u.Object, "spec", "minReplicas")
	if !set {
		least = 1 // as the cluster has it
	}
	most, _, _ := unstructured.NestedInt64(u.Object, "spec", "maxReplicas")
	return Bounds{Min: &least, Max: &most}
}

// Decide says what the bounds are to be.
func (s *Scaling) Decide(want ScaleRequest) error {
	if s.Before.Replicas != nil {
		return s.decideNumber(want)
	}
	least, most := *s.Before.Min, *s.Before.Max
	for _, wish := range []*int64{want.Pods, want.Min} {
		if wish != nil {
			least = *wish
		}
	}
	if want.Max != nil {
		most = *want.Max
	}
	switch {
	case least < 1:
		return hinted.New(
			fmt.Errorf("%s in %s keeps 1 pod at least", s.Object, s.Namespace),
			"with deploy.autoscaling.enabled: false there may be none; otlpctl delete k8s deletes all of it",
		)
	case most < least && want.Max != nil:
		return hinted.New(
			fmt.Errorf("%d pods at most are fewer than the min_replicas of %s, %d", most, s.Object, least),
			fmt.Sprintf("--min %d --max %d lowers both", most, most),
		)
	case most < least:
		most, s.Raised = least, true
	}
	s.After = Bounds{Min: &least, Max: &most}
	if least != *s.Before.Min || most != *s.Before.Max {
		s.Action = Configured
	}
	return nil
}

func (s *Scaling) decideNumber(want ScaleRequest) error {
	if want.Pods == nil {
		return hinted.New(
			fmt.Errorf("%s in %s has no autoscaler, whose bounds --min and --max are", s.Object, s.Namespace),
			"otlpctl scale NUMBER sets the number of pods; deploy.autoscaling.enabled makes an autoscaler",
		)
	}
	s.After = Bounds{Replicas: want.Pods}
	if *want.Pods != *s.Before.Replicas {
		s.Action = Configured
	}
	return nil
}

// setBounds applies the object as otlpctl has done before, with other bounds, unless it has changed since it
// was read.
func (c *Client) setBounds(ctx context.Context, s *Scaling, want ScaleRequest) error {
	now := s.object
	if version := appliedVersion(now); version != "" && version != now.GetAPIVersion() {
		r := s.Object
		r.APIVersion = version
		found, err := c.read(ctx, r)
		if err != nil || found == nil {
			return err
		}
		now = found
	}
	then := asApplied(now)
	then.SetResourceVersion(now.GetResourceVersion())
	if err := s.After.set(then); err != nil {
		return err
	}
	w := writing{manager: FieldManager, dry: want.DryRun, force: want.Force}
	_, err := c.apply(ctx, then, w)
	if found, ok := errors.AsType[ConflictError](err); ok && found.within("spec.replicas", autoscalerManager, countManager) {
		w.force = true // there is no autoscaler any more that would object
		_, err = c.apply(ctx, then, w)
	}
	return err
}

// set writes bounds into what has them.
func (b Bounds) set(u *unstructured.Unstructured) error {
	for field, value := range map[string]*int64{"replicas": b.Replicas, "minReplicas": b.Min, "maxReplicas": b.Max} {
		if value == nil {
			continue
		}
		if err := unstructured.SetNestedField(u.Object, *value, "spec", field); err != nil {
			return err
		}
	}
	return nil
}
