package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// document is what all layers say, merged.
type document struct {
	*report
	opts Options
	refs *references
	root *node // nil if nobody says anything
	// said is the root before the short form was written into the long one.
	said   *node
	layers []layer
	order  map[string]int // of files, variables and flags, by name
	// broken is set if a file cannot be parsed. The others are not decoded then:
	// what they lack would be reported for the wrong reason.
	broken bool
	// components says that the files define components. If they do not, those of
	// the defaults are meant.
	components bool
	// written holds, by path, the values that cannot be known without the place
	// where the configuration runs: text with references. It is nil if they are
	// to be resolved.
	written map[string]string
	// portable says that what does not depend on written is checked nevertheless.
	portable bool
}

func open(opts Options) *document {
	if opts.LookupEnv == nil {
		opts.LookupEnv = os.LookupEnv
	}
	return &document{
		report: newReport(), opts: opts, refs: &references{lookupEnv: opts.LookupEnv, keys: &Keys{lookupEnv: opts.LookupEnv}},
		layers: []layer{{Layer: Layer{Kind: Builtin, Name: "default"}}}, order: map[string]int{},
	}
}

// files lays files over the document, each a layer of its own.
func (doc *document) files(files []File) {
	if doc.written != nil {
		doc.refs.keys = nil // encrypted values stay as they are
	}
	for _, f := range files {
		src := newSource(f.Name, f.Data)
		src.rank = len(doc.layers)
		doc.order[f.Name] = len(doc.order) + 1
		l := layer{Layer: Layer{Kind: FromFile, Name: f.Name}}
		y, fault := parserOf(f.Name)(src, f.Data)
		if fault != nil {
			doc.errs = append(doc.errs, *fault)
			doc.broken = true
		} else {
			l.root = build(doc.report, src, y, nil, doc.refs, doc.expander())
			doc.root = merge(doc.root, l.root)
		}
		doc.layers = append(doc.layers, l)
	}
}

// expander returns what replaces references in files.
func (doc *document) expander() expander {
	if doc.written != nil {
		return asWritten
	}
	return doc.refs.expand
}

// parserOf returns the parser for a file of that name.
func parserOf(name string) func(*source, []byte) (*yaml.Node, *located) {
	if filepath.Ext(name) == ".toml" {
		return parseTOML
	}
	return parse
}

func (doc *document) decode(target any) (Origins, Warnings, error) {
	ptr := reflect.ValueOf(target)
	if ptr.Kind() != reflect.Pointer || ptr.IsNil() || ptr.Elem().Kind() != reflect.Struct {
		return Origins{}, nil, fmt.Errorf("config: cannot decode into %T: a pointer to a struct is needed", target)
	}
	d := &decoder{document: doc}
	if !doc.broken {
		if doc.root != nil {
			d.value(doc.root, ptr.Elem(), nil, rules{})
		}
		d.reportUnsupported()
		if model, ok := target.(*Model); ok && doc.portable {
			d.fromPod(model.Deploy)
		}
		if doc.written == nil || doc.portable {
			d.validate(ptr.Elem(), doc.root, nil)
		}
	}
	if d.misuse != nil {
		return Origins{}, nil, d.misuse
	}
	origins := Origins{doc.root, doc.layers}
	warnings := Warnings(render(doc.concealed(doc.warns), doc.order))
	if len(doc.errs) > 0 {
		return origins, warnings, Errors(render(doc.concealed(doc.errs), doc.order))
	}
	return origins, warnings, nil
}
