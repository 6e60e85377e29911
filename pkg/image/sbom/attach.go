package sbom

import (
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/otlpctl/otlpctl/pkg/image"
)

// emptyConfig is the type of a configuration that says nothing, as OCI wants it for what is no image.
const emptyConfig types.MediaType = "application/vnd.oci.empty.v1+json"

// Attach returns the document as an artifact of its own, which refers to the image.
func Attach(to v1.Image, m Material) (v1.Image, error) {
	text, err := m.Document()
	if err != nil {
		return nil, err
	}
	subject, err := image.Describe(to)
	if err != nil {
		return nil, err
	}
	return image.Assemble(v1.Manifest{
		SchemaVersion: 2,
		MediaType:     types.OCIManifestSchema1,
		ArtifactType:  MediaType,
		Config:        v1.Descriptor{MediaType: emptyConfig},
		Subject:       &subject,
		Annotations:   map[string]string{"org.opencontainers.image.created": m.Created.UTC().Format(time.RFC3339)},
	}, []byte("{}"), []v1.Layer{static.NewLayer(text, MediaType)})
}
