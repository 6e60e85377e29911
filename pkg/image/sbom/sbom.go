// Package sbom says of which modules a program consists, as an SPDX document that is attached to an image.
package sbom

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"runtime/debug"
	"strings"
	"time"
	"unicode"

	"github.com/otlpctl/otlpctl/pkg/image"
)

// MediaType is that of the document.
const MediaType = "application/spdx+json"

// Material is what a document is about.
type Material struct {
	Info    *debug.BuildInfo
	Version string
	Created time.Time
	// Base names the image below, whose content the document does not list. Empty is none.
	Base string
}

// Document returns the document, by SPDX 2.3. The same material gives the same bytes.
func (m Material) Document() ([]byte, error) {
	doc := document{
		Version: "SPDX-2.3", License: "CC0-1.0", ID: "SPDXRef-DOCUMENT", Name: image.Repository + " " + m.Version,
		Creation: creation{m.Created.UTC().Format(time.RFC3339), []string{"Tool: otlpctl-" + m.Version}},
	}
	if m.Base != "" {
		doc.Comment = "The modules of the program " + image.BinaryPath + ". What the base image brings along is not listed."
	}
	program := module(m.Info.Main.Path, m.Version)
	program.Purpose, program.Declared = "APPLICATION", image.License
	doc.add("SPDXRef-DOCUMENT", "DESCRIBES", program)
	doc.add(program.ID, "DEPENDS_ON", module("std", strings.TrimPrefix(firstWord(m.Info.GoVersion), "go")))
	for _, dep := range m.Info.Deps {
		if dep.Replace != nil {
			dep = dep.Replace
		}
		p := module(dep.Path, dep.Version)
		if dep.Sum != "" {
			p.Source = "go.sum: " + dep.Sum
		}
		doc.add(program.ID, "DEPENDS_ON", p)
	}
	// The namespace must differ for different documents: it has the digest of this one without it.
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	doc.Namespace = "https://spdx.org/spdxdocs/" + image.Repository + "-" + hex.EncodeToString(sum[:16])
	return json.MarshalIndent(doc, "", "  ")
}

// firstWord returns the release in a version such as "go1.26.0 X:nodwarf5".
func firstWord(version string) string {
	word, _, _ := strings.Cut(version, " ")
	return word
}

// document is an SPDX document. The names of its fields are the standard's.
type document struct {
	Version       string         `json:"spdxVersion"`
	License       string         `json:"dataLicense"`
	ID            string         `json:"SPDXID"`
	Name          string         `json:"name"`
	Namespace     string         `json:"documentNamespace"`
	Comment       string         `json:"comment,omitempty"`
	Creation      creation       `json:"creationInfo"`
	Packages      []spdxPackage  `json:"packages"`
	Relationships []relationship `json:"relationships"`
}

type creation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type spdxPackage struct {
	Name      string     `json:"name"`
	ID        string     `json:"SPDXID"`
	Version   string     `json:"versionInfo,omitempty"`
	Purpose   string     `json:"primaryPackagePurpose,omitempty"`
	Download  string     `json:"downloadLocation"`
	Analyzed  bool       `json:"filesAnalyzed"`
	Source    string     `json:"sourceInfo,omitempty"`
	Concluded string     `json:"licenseConcluded"`
	Declared  string     `json:"licenseDeclared"`
	Copyright string     `json:"copyrightText"`
	External  []external `json:"externalRefs"`
}

type external struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type relationship struct {
	Element string `json:"spdxElementId"`
	Type    string `json:"relationshipType"`
	Related string `json:"relatedSpdxElement"`
}

// add adds a package, and how an element is related to it.
func (d *document) add(element, relation string, p spdxPackage) {
	d.Packages = append(d.Packages, p)
	d.Relationships = append(d.Relationships, relationship{element, relation, p.ID})
}

// module describes a Go module.
func module(path, version string) spdxPackage {
	const unknown = "NOASSERTION"
	return spdxPackage{
		Name: path, Version: version, ID: "SPDXRef-" + idText(path+"-"+version),
		Download: unknown, Concluded: unknown, Declared: unknown, Copyright: unknown,
		External: []external{{"PACKAGE-MANAGER", "purl", purl(path, version)}},
	}
}

// idText replaces what an identifier must not hold.
func idText(text string) string {
	return strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '.') {
			return r
		}
		return '-'
	}, text)
}

// purl returns the package URL of a module. Its path is lower-case by that specification.
func purl(path, version string) string {
	var b strings.Builder
	b.WriteString("pkg:golang/" + strings.ToLower(path))
	if version != "" {
		b.WriteString("@" + strings.ReplaceAll(version, "+", "%2B"))
	}
	return b.String()
}
