package config

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// skipProperties goes over the tag and the anchor in front of a value.
func skipProperties(data []byte, at int, y *yaml.Node) int {
	if y.Anchor == "" && y.Style&yaml.TaggedStyle == 0 {
		return at
	}
	for at < len(data) {
		switch data[at] {
		case '!', '&':
			for at < len(data) && data[at] != ' ' && data[at] != '\t' && breakAt(data[at:]) == 0 {
				at++
			}
		case '#':
			for at < len(data) && breakAt(data[at:]) == 0 {
				at++
			}
		case ' ', '\t', '\r', '\n':
			at++
		default:
			return at
		}
	}
	return at
}

func doubleQuoted(data []byte) int {
	for i := 1; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

func singleQuoted(data []byte) int {
	for i := 1; i < len(data); i++ {
		if data[i] != '\'' {
			continue
		}
		if i+1 == len(data) || data[i+1] != '\'' {
			return i + 1
		}
		i++ // '' is a quote in the text
	}
	return -1
}

// plainLength follows the text of a value without quotes through its lines, of
// which the parser has made one.
func plainLength(data []byte, text string) int {
	i, j := 0, 0
	for j < len(text) {
		blanks, breaks := i, 0
		for blanks < len(data) {
			if n := breakAt(data[blanks:]); n > 0 {
				breaks++
				blanks += n
			} else if data[blanks] == ' ' || data[blanks] == '\t' {
				blanks++
			} else {
				break
			}
		}
		if breaks > 0 { // one is a space; of more, the first is dropped
			folded := " "
			if breaks > 1 {
				folded = strings.Repeat("\n", breaks-1)
			}
			if !strings.HasPrefix(text[j:], folded) {
				return -1
			}
			i, j = blanks, j+len(folded)
			continue
		}
		if i >= len(data) || data[i] != text[j] {
			return -1
		}
		i, j = i+1, j+1
	}
	return i
}

// blockLength returns the length of a block scalar from its | or >, up to the end
// of its last line that is not empty.
func blockLength(data []byte, text string) int {
	header := lineLength(data)
	if strings.TrimLeft(text, "\n") == "" {
		return header
	}
	first := strings.TrimLeft(text, "\n")
	leading := len(first) - len(strings.TrimLeft(first, " "))
	at, end, indent := header, header, -1
	for at < len(data) {
		at += breakAt(data[at:])
		line := data[at : at+lineLength(data[at:])]
		spaces := len(line) - len(bytes.TrimLeft(line, " "))
		if indent < 0 && spaces < len(line) {
			indent = spaces - leading
		}
		switch {
		case spaces < len(line) && spaces < indent:
			return end
		case spaces < len(line):
			end = at + len(line)
		}
		if at += len(line); len(line) == 0 && breakAt(data[at:]) == 0 {
			break
		}
	}
	return end
}

// lineLength is how many bytes data has before its first line break.
func lineLength(data []byte) int {
	for i := range data {
		if breakAt(data[i:]) > 0 {
			return i
		}
	}
	return len(data)
}
