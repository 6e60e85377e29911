package templates

import (
	"maps"
	"slices"
	"strings"
)

// stage is what one FROM begins.
type stage struct {
	name, image string
	// lines are its instructions, the FROM among them.
	lines []instruction
}

// file is a Dockerfile that has been taken apart.
type file struct {
	// head is what comes before the first stage: arguments for every FROM.
	head   []instruction
	stages []stage
	after  string
}

func newFile(text string) file {
	var f file
	lines, after := parse(text)
	f.after = after
	for _, line := range lines {
		if line.keyword == "FROM" {
			image, name := line.image()
			f.stages = append(f.stages, stage{name: name, image: image})
		}
		if last := len(f.stages) - 1; last >= 0 {
			f.stages[last].lines = append(f.stages[last].lines, line)
		} else {
			f.head = append(f.head, line)
		}
	}
	return f
}

// stage returns the stage of that name.
func (f file) stage(name string) (stage, bool) {
	i := slices.IndexFunc(f.stages, func(s stage) bool { return s.name != "" && strings.EqualFold(s.name, name) })
	if i < 0 {
		return stage{}, false
	}
	return f.stages[i], true
}

// uses lists the stages and images that a stage begins with or copies from.
func (s stage) uses() []string {
	used := []string{s.image}
	for _, line := range s.lines {
		if from, ok := line.flag("from"); ok {
			used = append(used, from)
		}
	}
	return used
}

// needed returns the stages that a target consists of, itself included, in their order, and the
// images that they are made from. Without a target, it is all of them.
func (f file) needed(target string) (stages []stage, images []string) {
	wanted := map[string]bool{}
	var want func(name string)
	want = func(name string) {
		s, ok := f.stage(name)
		if !ok || wanted[s.name] {
			return
		}
		wanted[s.name] = true
		for _, used := range s.uses() {
			want(used)
		}
	}
	want(target)
	outside := map[string]bool{}
	for _, s := range f.stages {
		if target != "" && !wanted[s.name] {
			continue
		}
		stages = append(stages, s)
		for _, used := range s.uses() {
			if _, inside := f.stage(used); !inside {
				outside[used] = true
			}
		}
	}
	return stages, slices.Sorted(maps.Keys(outside))
}

// ClassicDockerfile returns the Dockerfile for builders without BuildKit. It has no cache mounts,
// so that layers are the only cache, and builds for the platform of the engine. As those builders
// make every stage up to the target, it holds only those that the target needs; an empty target
// stands for all.
func ClassicDockerfile(target string) string {
	f := newFile(dockerfile)
	stages, _ := f.needed(target)
	var b strings.Builder
	for _, line := range f.head {
		b.WriteString(line.String())
	}
	for _, s := range stages {
		for _, line := range s.lines {
			b.WriteString(line.without("mount").without("platform").String())
		}
	}
	return b.String() + f.after
}

// BaseImages returns the images that a target of the Dockerfile is made from, with the values of
// its arguments where args has none. scratch is none.
func BaseImages(target string, args map[string]string) []string {
	f := newFile(dockerfile)
	values := map[string]string{}
	for _, line := range f.head {
		if name, value, ok := strings.Cut(line.rest, "="); ok && line.keyword == "ARG" {
			values[name] = value
		}
	}
	maps.Copy(values, args)
	_, images := f.needed(target)
	var found []string
	for _, image := range images {
		name, isArgument := strings.CutPrefix(image, "${")
		if isArgument {
			image = values[strings.TrimSuffix(name, "}")]
		}
		if image != "" && image != "scratch" {
			found = append(found, image)
		}
	}
	return found
}

// Targets lists the stages of the Dockerfile that are images to be used.
func Targets() []string { return []string{"runtime", "dev"} }
