package templates

import (
	"embed"
	"io/fs"
)

// kubernetes holds one object a file, each complete with the figures that hold by default.
//
//go:embed k8s/*.yaml
var kubernetes embed.FS

// Kubernetes returns the objects of a deployment to Kubernetes: KIND.yaml, in lower case.
func Kubernetes() fs.FS {
	objects, err := fs.Sub(kubernetes, "k8s")
	if err != nil {
		panic(err) // the name is a constant
	}
	return objects
}
