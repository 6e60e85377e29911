package sbom_test

import (
	"encoding/json"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/otlpctl/otlpctl/pkg/image/sbom"
)

func material() sbom.Material {
	return sbom.Material{
		Info: &debug.BuildInfo{
			GoVersion: "go1.26.8 X:some", Main: debug.Module{Path: "github.com/otlpctl/otlpctl", Version: "(devel)"},
			Deps: []*debug.Module{
				{Path: "github.com/Upper/Case/v2", Version: "v2.0.0+incompatible", Sum: "h1:abc="},
				{Path: "example.com/old", Version: "v1.0.0", Replace: &debug.Module{Path: "example.com/new", Version: "v1.1.0"}},
			},
		},
		Version: "v1.2.3+dirty", Created: time.Unix(0, 0),
	}
}

func TestDocumentNamesEveryModule(t *testing.T) {
	text, err := material().Document()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Version  string `json:"spdxVersion"`
		Packages []struct {
			Name, SPDXID string
			External     []struct {
				Locator string `json:"referenceLocator"`
			} `json:"externalRefs"`
		}
		Relationships []struct {
			Related string `json:"relatedSpdxElement"`
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	var purls []string
	for i, p := range doc.Packages {
		purls = append(purls, p.External[0].Locator)
		if doc.Relationships[i].Related != p.SPDXID {
			t.Errorf("%s is related to nothing", p.Name)
		}
	}
	want := []string{
		"pkg:golang/github.com/otlpctl/otlpctl@v1.2.3%2Bdirty", "pkg:golang/std@1.26.8",
		"pkg:golang/github.com/upper/case/v2@v2.0.0%2Bincompatible", "pkg:golang/example.com/new@v1.1.0",
	}
	if !slices.Equal(purls, want) {
		t.Errorf("packages\n%v\nwant\n%v", purls, want)
	}
}

func TestDocumentIsTheSameEveryTime(t *testing.T) {
	f := func(change func(*sbom.Material)) string {
		m := material()
		change(&m)
		text, err := m.Document()
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	first := f(func(*sbom.Material) {})
	if f(func(*sbom.Material) {}) != first {
		t.Error("two calls differ")
	}
	base := f(func(m *sbom.Material) { m.Base = "/home/somebody/base" })
	if base == first || strings.Contains(base, "somebody") {
		t.Error("a base must be mentioned, and not by its name on this machine")
	}
}

func TestBillRefersToTheImage(t *testing.T) {
	bill, err := sbom.Attach(empty.Image, material())
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := bill.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	digest, err := empty.Image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if manifest.Subject == nil || manifest.Subject.Digest != digest || manifest.ArtifactType != sbom.MediaType {
		t.Errorf("manifest %+v", manifest)
	}
	if err := validate.Image(bill, validate.Fast); err != nil {
		t.Error(err)
	}
}
