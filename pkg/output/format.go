// Package output writes results in the form that was asked for: a table for people, JSON or YAML
// for programs. It refuses to know what a result means.
package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"sigs.k8s.io/yaml"
)

// Format is the value of an -o flag. The zero value is Table.
type Format uint8

// The formats. The names of JSON and YAML fields are API; the look of a table is not.
const (
	Table Format = iota
	JSON
	YAML
)

// String returns the name by which Set knows the format.
func (f *Format) String() string {
	switch *f {
	case JSON:
		return "json"
	case YAML:
		return "yaml"
	default:
		return "table"
	}
}

// Type names the value in help texts.
func (f *Format) Type() string { return "format" }

// Set accepts table, json and yaml.
func (f *Format) Set(text string) error {
	for _, known := range []Format{Table, JSON, YAML} {
		if text == known.String() {
			*f = known
			return nil
		}
	}
	return fmt.Errorf("want table, json or yaml")
}

// Stream is where a result goes.
type Stream interface {
	io.Writer
	// IsTerminal says whether a person reads the stream.
	IsTerminal() bool
}

// Write writes result to w. JSON and YAML encode it by its json tags; for a table, rows fills one
// in, and result is not looked at.
func (f *Format) Write(w Stream, result any, rows func(*Rows)) error {
	switch *f {
	case JSON:
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(result); err != nil {
			return err
		}
		_, err := w.Write(Shown(w, text.Bytes()))
		return err
	case YAML:
		text, err := yaml.Marshal(result)
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	default:
		var r Rows
		rows(&r)
		return r.write(w)
	}
}
