package kube

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// revisionsKept is how many revisions there are to go back to.
const revisionsKept = 10

// Revision is what was deployed at one time. In JSON it is API.
type Revision struct {
	Number int    `json:"revision"`
	Image  string `json:"image"`
	// ImageDigest is that of the image when it was deployed; empty is not known.
	ImageDigest string    `json:"image_digest,omitempty"`
	ConfigHash  string    `json:"config_hash"`
	User        string    `json:"user"`
	Time        time.Time `json:"time"`
	// Restores is the revision whose objects were applied again; 0 is none.
	Restores int `json:"restores,omitempty"`
	// GaveUp is the revision that failed, and that this one took the place of without being asked for; 0 is none.
	GaveUp int `json:"gave_up,omitempty"`
	// Secrets are those that belong to it. What is in them is known to the cluster alone.
	Secrets []Ref `json:"secrets"`
	// Objects are all the others, in the order in which they are applied.
	Objects []*unstructured.Unstructured `json:"-"`

	stored *unstructured.Unstructured
}

const (
	revisionRecord = "revision"
	revisionKey    = "revision.json"
	objectsKey     = "objects.json.gz"
	// objectsMost bounds what the objects of a revision are unpacked to, in bytes.
	objectsMost = 32 << 20
)

// Set returns what has to be applied for the revision to be back.
func (r Revision) Set(t Target) Set {
	return Set{Target: t, Objects: r.Objects, Kept: r.Secrets, ConfigHash: r.ConfigHash, Restores: r.Number}
}

// Revisions returns those that are kept, the latest last.
func (c *Client) Revisions(ctx context.Context, t Target) ([]Revision, error) {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	list, err := c.resource(t.configMap("")).List(ctx, metav1.ListOptions{
		LabelSelector: t.revisionLabels(),
	})
	if err != nil {
		return nil, fmt.Errorf("list the revisions of %s: %w", t, c.Explain(err))
	}
	revisions := make([]Revision, len(list.Items))
	for i := range list.Items {
		if revisions[i], err = decodeRevision(t, &list.Items[i]); err != nil {
			return nil, hinted.New(
				fmt.Errorf("%s in %s: %w", refOf(&list.Items[i]), t.Namespace, err),
				fmt.Sprintf("a newer otlpctl may have written it; otherwise kubectl delete configmap -n %s %s, without which there is one revision less", t.Namespace, list.Items[i].GetName()),
			)
		}
	}
	slices.SortFunc(revisions, func(a, b Revision) int { return cmp.Compare(a.Number, b.Number) })
	return revisions, nil
}

// decodeRevision reads what encodeRevision has written.
func decodeRevision(t Target, u *unstructured.Unstructured) (Revision, error) {
	text, _, _ := unstructured.NestedString(u.Object, "data", revisionKey)
	packed, _, _ := unstructured.NestedString(u.Object, "binaryData", objectsKey)
	r := Revision{stored: u}
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return r, fmt.Errorf("is no revision: %w", err)
	}
	objects, err := unpack(packed)
	if err != nil {
		return r, fmt.Errorf("is no revision: its objects: %w", err)
	}
	if name := t.revision(r.Number).Name; r.Number < 1 || u.GetName() != name {
		return r, fmt.Errorf("is no revision: its number is %d", r.Number)
	}
	r.Objects, r.ImageDigest = objects, cmp.Or(digestIn(r.Image), u.GetAnnotations()[imageDigestAnnotation])
	for _, ref := range r.Set(t).refs() {
		if !t.owns(ref) {
			return r, fmt.Errorf("is no revision: it has what is no object of %s: %q", t.Namespace, ref.String())
		}
	}
	return r, nil
}

func unpack(packed string) ([]*unstructured.Unstructured, error) {
	data, err := base64.StdEncoding.DecodeString(packed)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(z, objectsMost+1))
	if err != nil {
		return nil, err
	}
	if len(text) > objectsMost {
		return nil, fmt.Errorf("have more than %d bytes", objectsMost)
	}
	var all []*unstructured.Unstructured
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	if slices.Contains(all, nil) {
		return nil, errors.New("one of them is nothing")
	}
	return all, nil
}

// encodeRevision returns the object in which the cluster keeps a revision.
func encodeRevision(t Target, r Revision) (*unstructured.Unstructured, error) {
	digest := r.ImageDigest
	r.ImageDigest = "" // it may become known later, when the rest no longer changes
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	objects, err := json.Marshal(r.Objects)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err = z.Write(objects)
	if err := errors.Join(err, z.Close()); err != nil {
		return nil, err
	}
	u := t.record(t.revision(r.Number), revisionRecord)
	if digest != "" && digestIn(r.Image) == "" {
		u.SetAnnotations(map[string]string{imageDigestAnnotation: digest})
	}
	u.Object["immutable"] = true
	u.Object["data"] = map[string]any{revisionKey: string(text)}
	u.Object["binaryData"] = map[string]any{objectsKey: base64.StdEncoding.EncodeToString(packed.Bytes())}
	return u, nil
}

func (t Target) revision(number int) Ref {
	return t.configMap(t.Name + "-revision-" + strconv.Itoa(number))
}

// store keeps a set as the next revision after those that there are.
func (c *Client) store(ctx context.Context, s Set, number int) (Revision, error) {
	user, err := c.User(ctx)
	if err != nil {
		return Revision{}, err
	}
	r := Revision{
		Number: number, Image: s.Image(), ImageDigest: s.DigestOfImage(), ConfigHash: s.ConfigHash, User: user, Time: c.clock.now().UTC().Truncate(time.Second),
		Restores: s.Restores, GaveUp: s.GaveUp, Secrets: s.secrets(), Objects: s.open(),
	}
	if r.stored, err = encodeRevision(s.Target, r); err != nil {
		return r, err
	}
	_, err = c.apply(ctx, r.stored, writing{manager: FieldManager, force: true})
	return r, err
}

// needs reports whether an object belongs to the revision.
func (r Revision) needs(ref Ref) bool {
	return slices.ContainsFunc(r.Secrets, ref.same) ||
		slices.ContainsFunc(r.Objects, func(u *unstructured.Unstructured) bool { return refOf(u).same(ref) })
}

// User returns who the API server takes us for.
func (c *Client) User(ctx context.Context) (string, error) {
	answer, err := c.ask(ctx, "authentication.k8s.io/v1", "SelfSubjectReview", map[string]any{})
	if err != nil {
		return "", fmt.Errorf("ask who this is: %w", err)
	}
	name, _, _ := unstructured.NestedString(answer.Object, "status", "userInfo", "username")
	return name, nil
}

// ask has the API server answer a question, which changes nothing.
func (c *Client) ask(ctx context.Context, version, kind string, question map[string]any) (*unstructured.Unstructured, error) {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	u := &unstructured.Unstructured{Object: question}
	u.SetAPIVersion(version)
	u.SetKind(kind)
	answer, err := c.resource(refOf(u)).Create(ctx, u, metav1.CreateOptions{})
	if err != nil {
		return nil, c.Explain(err)
	}
	return answer, nil
}
