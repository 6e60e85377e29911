package inspect

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// maxSBOM bounds a bill of materials, in bytes.
const maxSBOM = 64 << 20

// describeSBOM sums up the bill of materials of an image, else what its program says of itself. It is
// nil if there is neither.
func describeSBOM(document v1.Image, p *Program) (*SBOM, error) {
	if document == nil {
		if p == nil || p.Module == "" {
			return nil, nil //nolint:nilnil // most images have none
		}
		return &SBOM{Source: "program", Packages: p.Modules}, nil
	}
	digest, err := document.Digest()
	if err != nil {
		return nil, err
	}
	layers, err := document.Layers()
	if err != nil {
		return nil, err
	}
	if len(layers) == 0 {
		return nil, fmt.Errorf("bill of materials %s: it has no content", digest)
	}
	content, err := layers[0].Compressed()
	if err != nil {
		return nil, err
	}
	sum, err := readSBOM(content)
	if err = errors.Join(err, content.Close()); err != nil {
		return nil, fmt.Errorf("bill of materials %s: %w", digest, err)
	}
	sum.Digest = digest.String()
	return sum, nil
}

// readSBOM reads SPDX or CycloneDX, as JSON. Of the packages only the number is kept.
func readSBOM(r io.Reader) (*SBOM, error) {
	var document struct {
		SPDXVersion string     `json:"spdxVersion"`
		Packages    []struct{} `json:"packages"`
		BOMFormat   string     `json:"bomFormat"`
		SpecVersion string     `json:"specVersion"`
		Components  []struct{} `json:"components"`
	}
	if err := json.NewDecoder(io.LimitReader(r, maxSBOM)).Decode(&document); err != nil {
		return nil, err
	}
	found := &SBOM{Source: "referrer"}
	switch {
	case document.SPDXVersion != "":
		found.Format, found.Packages = document.SPDXVersion, len(document.Packages)
	case document.BOMFormat != "":
		found.Format, found.Packages = document.BOMFormat+"-"+document.SpecVersion, len(document.Components)
	default:
		return nil, errors.New("neither SPDX nor CycloneDX")
	}
	return found, nil
}
