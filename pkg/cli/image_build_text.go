package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// printBuild writes the result of a build for people.
func printBuild(w *term.Output, r image.Result) error {
	p := &sheet{out: w}
	p.WriteString(w.Paint(term.Bold, strings.Join(r.Tags, ", ")) + "\n")
	rows := [][]string{
		{"output", r.Output},
		{"digest", r.Digest},
		{"size", sizesText(r.Size, r.Unpacked)},
	}
	for _, v := range r.Platforms {
		if len(r.Platforms) > 1 {
			rows = append(rows, []string{v.Platform, sizesText(v.Size, v.Unpacked) + ", " + v.Digest})
		}
		if v.SBOM != "" {
			rows = append(rows, []string{"sbom", v.SBOM})
		}
	}
	p.table(append(rows, [][]string{
		{"layers", strconv.Itoa(len(r.Layers))},
		{"steps", fmt.Sprintf("%d of %d cached", r.Steps.Cached, r.Steps.Total)},
		{"time", fmt.Sprintf("%.1fs", r.Took.Seconds())},
	}...))
	p.title("Layers")
	p.table(builtLayers(r.Layers))
	_, err := io.WriteString(w, p.String())
	return err
}

func sizesText(compressed, unpacked int64) string {
	return sizeText(compressed) + " compressed, " + sizeText(unpacked) + " unpacked"
}

func builtLayers(layers []image.Layer) [][]string {
	rows := [][]string{{"PLATFORM", "COMPRESSED", "UNPACKED", "MADE BY"}}
	for _, l := range layers {
		rows = append(rows, []string{l.Platform, sizeText(l.Size), sizeText(l.Unpacked), l.CreatedBy})
	}
	return rows
}
