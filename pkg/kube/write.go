package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// writing is how an object is applied.
type writing struct {
	manager string
	// dry has the server say what would come of it.
	dry bool
	// force takes fields over that others have set.
	force bool
}

// apply has the server merge an object into what it has.
func (c *Client) apply(ctx context.Context, u *unstructured.Unstructured, w writing) (*unstructured.Unstructured, error) {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	r := refOf(u)
	body, err := json.Marshal(u)
	if err != nil {
		return nil, fmt.Errorf("apply %s: %w", r, err)
	}
	o := metav1.PatchOptions{FieldManager: w.manager, Force: &w.force, FieldValidation: metav1.FieldValidationStrict}
	if w.dry {
		o.DryRun = []string{metav1.DryRunAll}
	}
	done, err := c.resource(r).Patch(ctx, r.Name, types.ApplyPatchType, body, o)
	switch {
	case isUnknownKind(err):
		return nil, unknownKind(r)
	case err != nil:
		return nil, c.refused(r, err)
	}
	return done, nil
}

// refused says why the server does not take an object.
func (c *Client) refused(r Ref, err error) error {
	status, ok := err.(*apierrors.StatusError) //nolint:errorlint // as the client returns it
	if ok && apierrors.IsConflict(status) {
		if found := conflicts(r, status); len(found) > 0 {
			return ConflictError{found}
		}
	}
	if ok && apierrors.IsInvalid(status) {
		if fields := fixedFields(status); len(fields) > 0 {
			return ImmutableError{r, fields}
		}
	}
	return fmt.Errorf("apply %s: %w", r, c.Explain(err))
}

// Conflict is a field that somebody else has set to another value.
type Conflict struct {
	Object  Ref
	Manager string
	Field   string
}

// ConflictError says that others have set fields.
type ConflictError struct{ Conflicts []Conflict }

func (e ConflictError) Error() string {
	lines := make([]string, len(e.Conflicts))
	for i, c := range e.Conflicts {
		lines[i] = fmt.Sprintf("%s: %s was set by %q to another value", c.Object, c.Field, c.Manager)
	}
	return strings.Join(lines, "\n")
}

// Hint says what to do next.
func (e ConflictError) Hint() string {
	return "--force-conflicts takes the fields over; who set them has to stop doing so"
}

// within reports whether all conflicts are about one field, with some of these managers.
func (e ConflictError) within(field string, managers ...string) bool {
	return !slices.ContainsFunc(e.Conflicts, func(c Conflict) bool {
		return c.Field != field || !slices.Contains(managers, c.Manager)
	})
}

// about returns the conflicts over fields that would really change. The server also reports those over a
// value that it has completed with defaults.
func (e ConflictError) about(changing []Difference) ConflictError {
	return ConflictError{slices.DeleteFunc(slices.Clone(e.Conflicts), func(c Conflict) bool {
		path := regexp.MustCompile(`\[name="([^"]*)"\]`).ReplaceAllString(c.Field, "[$1]")
		if strings.Contains(path, "=") {
			return false // an element of a list that is found by something else
		}
		return !slices.ContainsFunc(changing, func(d Difference) bool { return overlaps(d.Path, path) })
	})}
}

// overlaps reports whether one path is within the other.
func overlaps(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }

// conflicts reads the conflicts in an answer.
func conflicts(r Ref, err *apierrors.StatusError) []Conflict {
	var found []Conflict
	if err.ErrStatus.Details == nil {
		return nil
	}
	for _, cause := range err.ErrStatus.Details.Causes {
		if cause.Type == metav1.CauseTypeFieldManagerConflict {
			found = append(found, Conflict{r, managerIn(cause.Message), strings.TrimPrefix(cause.Field, ".")})
		}
	}
	return found
}

// managerIn returns the name in a message such as: conflict with "kubectl-edit" using apps/v1.
func managerIn(message string) string {
	_, after, _ := strings.Cut(message, "conflict with ")
	if quoted, err := strconv.QuotedPrefix(after); err == nil {
		if name, err := strconv.Unquote(quoted); err == nil {
			return name
		}
	}
	return message
}

// ImmutableError says that an object has fields that cannot become others.
type ImmutableError struct {
	Object Ref
	Fields []string
}

func (e ImmutableError) Error() string {
	return fmt.Sprintf("%s: %s cannot be changed in an object that exists", e.Object, strings.Join(e.Fields, ", "))
}

// Hint says what to do next.
func (e ImmutableError) Hint() string {
	return fmt.Sprintf("--recreate %s/%s deletes the object and makes it anew", e.Object.Kind, e.Object.Name)
}

// fixedFields returns the fields that an answer says cannot be changed.
func fixedFields(err *apierrors.StatusError) []string {
	var fields []string
	if err.ErrStatus.Details == nil {
		return nil
	}
	for _, cause := range err.ErrStatus.Details.Causes {
		for _, words := range []string{"immutable", "may not be changed", "may not change", "updates to"} {
			if strings.Contains(cause.Message, words) {
				fields = append(fields, cause.Field)
				break
			}
		}
	}
	return fields
}

// remove deletes an object and what the cluster has made of it; none is fine. It does so only if it is
// the one that was looked at.
func (c *Client) remove(ctx context.Context, u *unstructured.Unstructured) error {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	r := refOf(u)
	err := c.resource(r).Delete(ctx, r.Name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: new(u.GetUID())}, PropagationPolicy: new(metav1.DeletePropagationForeground),
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete %s: %w", r, c.Explain(err))
	}
	return nil
}
