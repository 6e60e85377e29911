package kube

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Outside is a ReplicaSet with another image or configuration than any revision that is kept: somebody
// has changed the Deployment without otlpctl. In JSON it is API.
type Outside struct {
	ReplicaSet string    `json:"replica_set"`
	Image      string    `json:"image"`
	ConfigHash string    `json:"config_hash"`
	Time       time.Time `json:"time"`
}

// hashAnnotation is the hash of the configuration that pods begin with.
const hashAnnotation = "otlpctl.io/config-hash"

// outside returns what somebody else has rolled out, the latest last.
func (c *Client) outside(ctx context.Context, t Target, revisions []Revision) ([]Outside, error) {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	list, err := c.resource(Ref{"apps/v1", "ReplicaSet", t.Namespace, ""}).List(ctx, metav1.ListOptions{LabelSelector: "app=" + t.Name})
	if err != nil {
		return nil, fmt.Errorf("list the ReplicaSets of %s: %w", t, c.Explain(err))
	}
	found := []Outside{}
	for _, u := range list.Items {
		if o := outsideOf(&u); isOutside(o, revisions) {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, func(a, b Outside) int { return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ReplicaSet, b.ReplicaSet)) })
	return found, nil
}

func outsideOf(replicaSet *unstructured.Unstructured) Outside {
	hash, _, _ := unstructured.NestedString(replicaSet.Object, "spec", "template", "metadata", "annotations", hashAnnotation)
	return Outside{
		ReplicaSet: replicaSet.GetName(), Image: receiverImage(replicaSet), ConfigHash: hash, Time: replicaSet.GetCreationTimestamp().UTC(),
	}
}

// isOutside reports whether no revision has such pods. What is older than all of them may be of one that
// is no longer kept.
func isOutside(o Outside, revisions []Revision) bool {
	if len(revisions) == 0 || o.Time.Before(revisions[0].Time) {
		return false
	}
	return !slices.ContainsFunc(revisions, func(r Revision) bool {
		return r.Image == o.Image && (o.ConfigHash == "" || o.ConfigHash == r.ConfigHash)
	})
}
