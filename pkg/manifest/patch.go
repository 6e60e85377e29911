package manifest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// Patch changes objects that were made: it is either the fields to be different, merged as kubectl
// does (a strategic merge), or a list of operations (JSON Patch, RFC 6902).
type Patch struct {
	// File is where it was read from, as messages name it.
	File string
	// Kind and Name say which objects. An empty name stands for all of the kind.
	Kind, Name string

	apiVersion string
	merge      []byte          // JSON; nil if there are operations
	operations jsonpatch.Patch // nil if there is something to merge
}

// ReadPatches reads the patches in one file of YAML or JSON, with --- between them. What has the keys
// target and patch is a list of operations, and everything else is to be merged.
func ReadPatches(file string, data []byte) ([]Patch, error) {
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	var all []Patch
	for {
		text, err := documents.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("patch %s: %w", file, err)
		}
		p, err := readPatch(text)
		if err != nil {
			return nil, fmt.Errorf("patch %s: %w", file, err)
		}
		if p != nil {
			p.File = file
			all = append(all, *p)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("patch %s: holds no patch", file)
	}
	return all, nil
}

// readPatch reads one document; nil is an empty one.
func readPatch(text []byte) (*Patch, error) {
	var fields map[string]any
	if err := decodeStrictly(text, &fields); err != nil {
		return nil, err
	}
	if len(fields) == 0 {
		return nil, nil
	}
	if _, targeted := fields["target"]; targeted {
		return readOperations(text)
	}
	u := unstructured.Unstructured{Object: fields}
	p := Patch{Kind: u.GetKind(), Name: u.GetName(), apiVersion: u.GetAPIVersion()}
	if p.Kind == "" {
		return nil, hinted.New(errors.New("names no kind of objects to be changed"), "begin it with kind: Deployment and the like")
	}
	var err error
	p.merge, err = json.Marshal(fields)
	return &p, err
}

func readOperations(text []byte) (*Patch, error) {
	var written struct {
		Target struct {
			Kind string `json:"kind"`
			Name string `json:"name"`
		} `json:"target"`
		Patch json.RawMessage `json:"patch"`
	}
	if err := decodeStrictly(text, &written); err != nil {
		return nil, err
	}
	if written.Target.Kind == "" {
		return nil, errors.New("target has no kind")
	}
	operations, err := jsonpatch.DecodePatch(written.Patch)
	if err != nil {
		return nil, fmt.Errorf("patch is no list of operations: %w", err)
	}
	if len(operations) == 0 {
		return nil, errors.New("patch has no operations")
	}
	return &Patch{Kind: written.Target.Kind, Name: written.Target.Name, operations: operations}, nil
}

// concerns reports whether the patch is for an object.
func (p Patch) concerns(u *unstructured.Unstructured) bool {
	return p.Kind == u.GetKind() && (p.Name == "" || p.Name == u.GetName())
}

// target is what messages call that which is to be changed.
func (p Patch) target() string { return strings.TrimSuffix(p.Kind+"/"+p.Name, "/") }
