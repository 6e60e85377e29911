package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/templates"
)

// Templates are the files that objects begin with, by name.
type Templates map[string][]byte

// BuiltinTemplates returns those of this program.
func BuiltinTemplates() (Templates, error) { return readTemplates(templates.Kubernetes()) }

// ReadTemplates returns the built-in templates, of which those in a folder replace the ones of the
// same name. A folder may hold other files, but none that ends like a template and is not the name
// of one.
func ReadTemplates(folder fs.FS) (Templates, error) {
	all, err := BuiltinTemplates()
	if err != nil {
		return nil, err
	}
	own, err := readTemplates(folder)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(own)) {
		if _, known := all[name]; !known {
			return nil, hinted.New(
				fmt.Errorf("template %s: there is no such template", name),
				"the names are "+strings.Join(slices.Sorted(maps.Keys(all)), ", "),
			)
		}
	}
	maps.Copy(all, own)
	return all, nil
}

func readTemplates(folder fs.FS) (Templates, error) {
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		if path, ok := errors.AsType[*fs.PathError](err); ok { // whose path is "."
			err = path.Err
		}
		return nil, err
	}
	all := Templates{}
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".yaml") && !strings.HasSuffix(e.Name(), ".yml") {
			continue
		}
		if all[e.Name()], err = fs.ReadFile(folder, e.Name()); err != nil {
			return nil, fmt.Errorf("template %s: %w", e.Name(), err)
		}
	}
	return all, nil
}

// object is a typed Kubernetes object.
type object interface {
	kinded
	metav1.Object
}

// kinded knows its apiVersion and kind.
type kinded interface{ GetObjectKind() schema.ObjectKind }

// template decodes a template into what it must be: a field that its kind does not have is an error.
func template[T any, P interface {
	*T
	object
}](from Templates, name string) (P, error) {
	shipped, err := BuiltinTemplates()
	if err != nil {
		return nil, err
	}
	var o, want T
	if err := decodeStrictly(from[name], &o); err != nil {
		return nil, hinted.New(fmt.Errorf("template %s: %w", name, err), "'otlpctl render k8s' without --templates prints what the built-in one becomes")
	}
	if err := decodeStrictly(shipped[name], &want); err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	return P(&o), sameKind(name, P(&o), P(&want))
}

// sameKind refuses a template of another kind than the one that it replaces.
func sameKind(name string, o, want kinded) error {
	got, wanted := o.GetObjectKind().GroupVersionKind(), want.GetObjectKind().GroupVersionKind()
	if got != wanted {
		return fmt.Errorf("template %s: is of apiVersion %q and kind %q, and must be of %q and %q",
			name, got.GroupVersion(), got.Kind, wanted.GroupVersion(), wanted.Kind)
	}
	return nil
}

// custom decodes a template of a kind that the API server only knows if somebody taught it.
func (r *renderer) custom(name string) (*unstructured.Unstructured, error) {
	shipped, err := BuiltinTemplates()
	if err != nil {
		return nil, err
	}
	var o, want map[string]any
	if err := decodeStrictly(r.templates[name], &o); err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	if err := decodeStrictly(shipped[name], &want); err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	u := &unstructured.Unstructured{Object: o}
	return u, sameKind(name, u, &unstructured.Unstructured{Object: want})
}

// decodeStrictly decodes YAML as the API server decodes what it is sent: a field that is not known, or
// set twice, is an error.
func decodeStrictly(text []byte, into any) error {
	data, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	unknown, err := json.UnmarshalStrict(data, into)
	if err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return errors.Join(unknown...)
}

// add puts a typed object into the set, without what only a cluster fills in.
func (r *renderer) add(o any) error {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return err
	}
	r.put(&unstructured.Unstructured{Object: fields})
	return nil
}

func (r *renderer) put(u *unstructured.Unstructured) {
	strip(u)
	r.set = append(r.set, u)
}

// strip removes what a type writes though nobody has set it.
func strip(u *unstructured.Unstructured) {
	delete(u.Object, "status")
	if spec, ok := u.Object["spec"].(map[string]any); ok && len(spec) == 0 {
		delete(u.Object, "spec")
	}
	unstructured.RemoveNestedField(u.Object, "metadata", "creationTimestamp")
	unstructured.RemoveNestedField(u.Object, "spec", "template", "metadata", "creationTimestamp")
}
