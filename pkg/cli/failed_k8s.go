package cli

import (
	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// failedK8s is the document of a command that has not come to change anything in a cluster. The names of
// its fields are API: those of the document that it would have printed.
type failedK8s struct {
	kube.Target
	Changes []kube.Change `json:"objects"`
	Error   string        `json:"error"`
}

// nothingDone prints why nothing was done to a target, as a document if one was asked for.
func nothingDone(s term.Streams, format output.Format, t kube.Target, err error) error {
	if err == nil {
		return nil
	}
	return partly(s, format, err, failedK8s{t, []kube.Change{}, err.Error()})
}
