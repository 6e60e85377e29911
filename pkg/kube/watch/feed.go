package watch

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// The rhythm of a feed.
const (
	// watchSeconds is after what time the API server ends a watch, which then goes on from where it was.
	watchSeconds = 300
	firstPause   = 100 * time.Millisecond
	longestPause = 3 * time.Second
)

// feed keeps up with the objects at a path: through watches that end, versions that the API server has
// forgotten, and API servers that are away.
type feed[T any, O interface {
	*T
	metav1.Object
}] struct {
	api   API
	path  string
	query url.Values
	// changed is told all objects that there are, after every change. The objects are not changed any more.
	changed func([]*T)
	// away is told that the API server cannot be asked, and why; nil says that it can be again.
	away func(error)

	objects map[types.UID]*T
	// version is that of the last change that was seen; empty if all must be listed.
	version string
	pause   time.Duration
	failing bool
}

// errExpired says that the API server has forgotten the version from which a watch was to go on.
var errExpired = errors.New("the version is too old")

// run feeds until ctx ends. It fails if the API server refuses what is asked for the first time; from
// then on a refusal may be that of one that is starting.
func (f *feed[T, O]) run(ctx context.Context) error {
	for first := true; ctx.Err() == nil; {
		before := f.version
		err := f.step(ctx)
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, errExpired):
			f.version = ""
		case err != nil && first && isRefusal(err):
			return err
		case err != nil:
			f.tell(err)
		default:
			first = false
			f.tell(nil)
		}
		if err == nil && f.version != before {
			f.pause = 0
			continue
		}
		f.wait(ctx)
	}
	return ctx.Err()
}

// step lists, or watches until the watch ends.
func (f *feed[T, O]) step(ctx context.Context) error {
	if f.version == "" {
		return f.list(ctx)
	}
	query := maps.Clone(f.query)
	if query == nil {
		query = url.Values{}
	}
	query.Set("watch", "true")
	query.Set("allowWatchBookmarks", "true")
	query.Set("resourceVersion", f.version)
	query.Set("timeoutSeconds", strconv.Itoa(watchSeconds))
	body, err := f.api.Get(ctx, f.path, query)
	if err != nil {
		return expired(err)
	}
	defer func() { _ = body.Close() }()
	f.tell(nil)
	return f.read(body)
}

func (f *feed[T, O]) list(ctx context.Context) error {
	all, err := list[T](ctx, f.api, f.path, f.query)
	if err != nil {
		return err
	}
	f.objects = map[types.UID]*T{}
	for _, object := range all.Items {
		f.objects[O(object).GetUID()] = object
	}
	f.version = all.Metadata.ResourceVersion
	f.publish()
	return nil
}

// change is one line of a watch.
type change struct {
	Type   string          `json:"type"`
	Object json.RawMessage `json:"object"`
}

// read reads a watch until it ends.
func (f *feed[T, O]) read(body io.Reader) error {
	for lines := json.NewDecoder(body); ; {
		var c change
		if err := lines.Decode(&c); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("the connection to the API server has broken off: %w", err)
		}
		if err := f.apply(c); err != nil {
			return err
		}
	}
}

func (f *feed[T, O]) apply(c change) error {
	if c.Type == "ERROR" {
		var status metav1.Status
		if err := json.Unmarshal(c.Object, &status); err != nil {
			return err
		}
		return expired(&apierrors.StatusError{ErrStatus: status})
	}
	object := O(new(T))
	if err := json.Unmarshal(c.Object, object); err != nil {
		return err
	}
	f.version = cmp.Or(object.GetResourceVersion(), f.version)
	switch c.Type {
	case "ADDED", "MODIFIED":
		f.objects[object.GetUID()] = object
	case "DELETED":
		delete(f.objects, object.GetUID())
	case "BOOKMARK":
		return nil
	default:
		return fmt.Errorf("a change of an unknown type %q", c.Type)
	}
	f.publish()
	return nil
}

func (f *feed[T, O]) publish() { f.changed(slices.Collect(maps.Values(f.objects))) }

// tell reports an outage once when it begins, and once when it ends.
func (f *feed[T, O]) tell(err error) {
	if f.failing == (err != nil) {
		return
	}
	f.failing = err != nil
	f.away(err)
}

// wait waits longer each time, until something has been heard.
func (f *feed[T, O]) wait(ctx context.Context) {
	f.pause = min(max(2*f.pause, firstPause), longestPause)
	timer := time.NewTimer(f.pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// expired marks errors after which everything has to be listed again.
func expired(err error) error {
	if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) || apierrors.IsInvalid(err) {
		return errExpired
	}
	return err
}

// isRefusal says that asking again is of no use.
func isRefusal(err error) bool {
	status := statusOf(err)
	isLater := status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
	return status >= 400 && status < 500 && !isLater
}

// statusOf returns the code that the API server has answered, or 0.
func statusOf(err error) int {
	var answered apierrors.APIStatus
	if errors.As(err, &answered) {
		return int(answered.Status().Code)
	}
	return 0
}
