package cli

import (
	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// showSteps shows the steps of work on an image until done is called.
func showSteps(s term.Streams) (on func(image.Event), done func()) {
	p := newBuildProgress(s)
	return p.show, p.Close
}
