package templates

import (
	"slices"
	"strings"
)

// instruction is one instruction of a Dockerfile.
type instruction struct {
	// before is what stands above it: comments and blank lines.
	before  string
	keyword string // in capitals
	flags   []string
	// rest is what follows the flags, as written: over several lines perhaps, with the comments
	// between them, and without the last line break.
	rest string
}

// parse splits a Dockerfile into its instructions. What follows the last one is returned as well.
// Here-documents and other escape characters than the backslash are not understood.
func parse(text string) (found []instruction, after string) {
	var before strings.Builder
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		if isAside(line) {
			before.WriteString(line + "\n")
			text = rest
			continue
		}
		var raw string
		raw, text = cutInstruction(text)
		i := newInstruction(raw)
		i.before = before.String()
		before.Reset()
		found = append(found, i)
	}
	return found, before.String()
}

// isAside says whether a line is blank or a comment. Within an instruction, such a line does not
// end it.
func isAside(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || strings.HasPrefix(line, "#")
}

// cutInstruction returns the lines of the instruction that text begins with, and what comes after.
func cutInstruction(text string) (raw, after string) {
	end := 0
	for first := true; end < len(text); first = false {
		line, _, found := strings.Cut(text[end:], "\n")
		end += len(line)
		if found {
			end++
		}
		if (first || !isAside(line)) && !strings.HasSuffix(strings.TrimRight(line, " \t\r"), `\`) {
			break
		}
	}
	return strings.TrimSuffix(text[:end], "\n"), text[end:]
}

func newInstruction(raw string) instruction {
	keyword, rest := cutWord(skipBlank(raw))
	i := instruction{keyword: strings.ToUpper(keyword)}
	for rest = skipBlank(rest); strings.HasPrefix(rest, "--"); rest = skipBlank(rest) {
		var flag string
		flag, rest = cutWord(rest)
		i.flags = append(i.flags, flag)
	}
	i.rest = rest
	return i
}

// skipBlank skips white space and the ends of lines that go on.
func skipBlank(text string) string {
	for {
		text = strings.TrimLeft(text, " \t\r\n")
		after, escaped := strings.CutPrefix(text, `\`)
		blank := strings.TrimLeft(after, " \t\r")
		if !escaped || !strings.HasPrefix(blank, "\n") {
			return text
		}
		text = blank
	}
}

// cutWord cuts text after its first word.
func cutWord(text string) (word, after string) {
	if end := strings.IndexAny(text, " \t\r\n"); end >= 0 {
		return text[:end], text[end:]
	}
	return text, ""
}

// String returns the instruction as a Dockerfile has it.
func (i instruction) String() string {
	words := append([]string{i.keyword}, i.flags...)
	if i.rest != "" {
		words = append(words, i.rest)
	}
	return i.before + strings.Join(words, " ") + "\n"
}

// flag returns the value of a flag, such as that of --from.
func (i instruction) flag(name string) (string, bool) {
	for _, flag := range i.flags {
		if value, ok := strings.CutPrefix(flag, "--"+name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// without returns the instruction without all flags of a name.
func (i instruction) without(name string) instruction {
	i.flags = slices.DeleteFunc(slices.Clone(i.flags), func(flag string) bool {
		return strings.HasPrefix(flag, "--"+name+"=")
	})
	return i
}

// image returns what a FROM begins with, and the name of the stage.
func (i instruction) image() (image, name string) {
	words := strings.Fields(i.rest)
	if len(words) == 0 {
		return "", ""
	}
	if len(words) == 3 && strings.EqualFold(words[1], "as") {
		name = words[2]
	}
	return words[0], name
}
