package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// example is a block of YAML on the page.
type example struct {
	line int
	over bool // it is merged over the example before it
	text string
}

func examples(page string) []example {
	var all []example
	var open *example
	for i, line := range strings.Split(page, "\n") {
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case open == nil && fence && strings.HasPrefix(info, "yaml"):
			open = &example{line: i + 1, over: info == "yaml merged"}
		case open != nil && fence:
			all = append(all, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	return all
}

// TestExamples loads every example of the page as it stands there.
func TestExamples(t *testing.T) {
	opts := receiverOptions(func(name string) (string, bool) {
		value, set := map[string]string{"BACKEND": "backend:4317", "TOKEN": "planted-secret"}[name]
		return value, set
	})
	var files []File
	all := examples(readPage(t))
	for _, e := range all {
		if !e.over {
			files = nil
		}
		files = append(files, File{Name: fmt.Sprintf("configuration.md from line %d", e.line), Data: []byte(e.text)})
		loaded, err := load(files, Sources{}, opts)
		if err != nil || len(loaded.Warnings) > 0 {
			t.Errorf("line %d: %v %s", e.line, err, loaded.Warnings)
		}
	}
	if len(all) == 0 {
		t.Error("the page has no examples")
	}
}

// TestDifferences holds the defaults that the page compares with the Collector's
// to the reference.
func TestDifferences(t *testing.T) {
	presets := map[string]string{}
	for _, c := range chapters(t) {
		for _, name := range c.names {
			for _, r := range c.rows {
				presets[name+"."+r.key] = r.preset
			}
		}
	}
	_, section, _ := strings.Cut(readPage(t), "### Other defaults\n")
	section, _, _ = strings.Cut(section, "\n### ")
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (.*?) \\|").FindAllStringSubmatch(section, -1)
	for _, r := range rows {
		if preset, known := presets[r[1]]; !known || preset != r[2] {
			t.Errorf("%s is %q, and the page says %q", r[1], preset, r[2])
		}
	}
	if len(rows) == 0 {
		t.Error("the page compares no defaults")
	}
}

// TestLinks follows the links of the page.
func TestLinks(t *testing.T) {
	page := readPage(t)
	anchors := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(page, -1) {
		slug := regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		anchors["#"+strings.ReplaceAll(slug, " ", "-")] = true
	}
	for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(page, -1) {
		_, err := os.Stat(filepath.Join(filepath.Dir(referencePage), link[1]))
		if !anchors[link[1]] && err != nil {
			t.Errorf("%s leads nowhere", link[1])
		}
	}
}
