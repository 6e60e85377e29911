package image

import v1 "github.com/google/go-containerregistry/pkg/v1"

// CreatedBy returns for each layer of an image what its history says made it. A history that does not fit
// the layers says nothing.
func CreatedBy(history []v1.History, layers int) []string { return madeBy(history, layers) }
