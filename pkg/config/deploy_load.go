package config

import (
	"maps"
	"slices"
)

// SecretsFolder is where the pod has the secret values that were taken out of its configuration.
const SecretsFolder = "/app/secrets"

// Portable is a configuration that is to run in a cluster, and what it takes along.
type Portable struct {
	Loaded
	// File is what the receiver is to be started with: all layers in one file of YAML, in the long
	// form and without the section deploy. References and encrypted values are as they were
	// written; plain secrets have become references to files in SecretsFolder.
	File []byte
	// FileHash is the Hash of a receiver that runs with File alone.
	FileHash string
	// Secrets are those plain secrets, by the name of the file.
	Secrets map[string]string
	// Variables are those that File refers to, by name.
	Variables []Variable
	// Uses are the files that the receiver reads or writes, as far as they are known here.
	Uses []FileUse
	// Sealed is the path of an encrypted value, or empty if there are none.
	Sealed string
}

// LoadPortable reads a configuration for a cluster: files and path=value settings over the
// defaults, but no variables of this process. What is known is checked, as far as it does not
// depend on references or encrypted values; the section deploy must not have any. An error is
// of type Errors.
func LoadPortable(from Sources) (Portable, error) {
	from.Environ = nil
	files, err := from.read()
	if err != nil {
		return Portable{}, err
	}
	return loadPortable(files, from)
}

func loadPortable(files []File, from Sources) (Portable, error) {
	doc := open(receiverOptions(from.lookup()))
	doc.written, doc.portable = map[string]string{}, true
	l, err := doc.load(files, from)
	p := Portable{Loaded: l}
	if err != nil {
		return p, err
	}
	pack := newPacking(doc)
	file, err := pack.file()
	if err != nil {
		return p, err
	}
	if faults := append(p.openBelow("deploy"), pack.faults...); len(faults) > 0 {
		return p, Errors(render(doc.concealed(faults), doc.order))
	}
	p.Secrets, p.Variables, p.Sealed = pack.secrets, sortedVariables(pack.variables), pack.sealed
	p.Uses = pack.files
	if p.File, err = encodeYAML(file); err != nil {
		return p, err
	}
	p.FileHash = hashOf([]File{{Data: p.File}})
	return p, nil
}

// Open reports whether the value at a path is known only where the configuration runs.
func (l Loaded) Open(path string) bool {
	_, open := l.doc.written[path]
	return open
}

// openBelow finds references in a section whose values are needed here and now.
func (p Portable) openBelow(section string) []located {
	var faults []located
	for _, path := range slices.Sorted(maps.Keys(p.doc.written)) {
		if path == section || inside(path, section) {
			at, _ := p.doc.root.find(path)
			faults = append(faults, locate(at, Finding{
				Path: path, Problem: "is a reference or encrypted, and needed where the objects are made",
				Hint: "write the value out, or give it with --set " + path + "=…",
			}))
		}
	}
	return faults
}
