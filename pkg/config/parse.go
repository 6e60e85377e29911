package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// parse returns the document in data, which is nil if there is none, or the one
// fault that makes it no YAML document.
func parse(src *source, data []byte) (*yaml.Node, *located) {
	if at := bytes.IndexFunc(data, func(r rune) bool { return r == utf8.RuneError }); at >= 0 && !utf8.Valid(data) {
		return nil, src.syntax(markOf(data, invalidUTF8(data)), "the file is not UTF-8 text", "save it as UTF-8")
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	root, err := next(dec)
	if err != nil {
		return nil, src.explain(data, err)
	}
	for {
		more, err := next(dec)
		switch {
		case err != nil:
			return nil, src.explain(data, err)
		case more == nil:
			return root, nil
		case !emptyDocument(more):
			content := more.Content[0]
			return nil, src.syntax(mark{content.Line, content.Column}, "a second YAML document begins here",
				"keep one document per file and pass several with --config")
		case root == nil:
			root = more
		}
	}
}

// next returns the next document, or nil at the end.
func next(dec *yaml.Decoder) (doc *yaml.Node, err error) {
	// The parser panics on states it believes impossible; a configuration must
	// not be able to end a process that reads it.
	defer func() {
		if cause := recover(); cause != nil {
			doc, err = nil, fmt.Errorf("yaml: %v", cause)
		}
	}()
	doc = new(yaml.Node)
	err = dec.Decode(doc)
	if errors.Is(err, io.EOF) {
		return nil, nil // no document and no error is the end
	}
	if err != nil {
		return nil, err
	}
	return doc, nil
}

func emptyDocument(doc *yaml.Node) bool {
	return len(doc.Content) == 0 || doc.Content[0].Kind == yaml.ScalarNode && doc.Content[0].ShortTag() == "!!null"
}

func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(data)
}

// markOf returns the place of a byte.
func markOf(data []byte, offset int) mark {
	lines := splitLines(string(data[:offset]))
	return mark{len(lines), utf8.RuneCountInString(lines[len(lines)-1]) + 1}
}

// syntax makes the fault of a file that is not YAML. The line is not shown where
// it may hold a secret: without a tree nobody knows.
func (s *source) syntax(at mark, problem, hint string) *located {
	at.line = min(at.line, len(s.lines))
	at.col = min(at.col, utf8.RuneCountInString(s.lines[at.line-1])+1)
	s.hideSuspects(at.line)
	f := locate(&node{src: s, mark: at, width: 1}, Finding{Problem: problem, Hint: hint})
	return &f
}

// hideSuspects hides the value on a line whose key sounds secret, and a line
// that looks like part of a key or a certificate.
func (s *source) hideSuspects(line int) {
	text := s.lines[line-1]
	value := 0
	if key := regexp.MustCompile(`^[\s-]*["']?([\w./-]+)["']?\s*[:=]`).FindStringSubmatchIndex(text); key != nil {
		if !soundsSecret(text[key[2]:key[3]]) {
			return
		}
		value = key[1]
	} else if !regexp.MustCompile(`[A-Za-z0-9+/=_-]{16,}`).MatchString(text) {
		return
	}
	start := mark{line, utf8.RuneCountInString(text[:value]) + 1}
	s.tokens = []mark{start}
	s.hidden[start] = true
}

func soundsSecret(key string) bool {
	key = strings.ToLower(key)
	for _, word := range []string{"auth", "key", "pass", "secret", "token", "credential", "cookie", "pem"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}

// explain turns an error of the parser into a fault with a place.
func (s *source) explain(data []byte, err error) *located {
	reported, message := splitError(err)
	line := min(s.brokenLine(data, reported), len(s.lines))
	text := s.lines[line-1]
	indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
	at := mark{line, utf8.RuneCountInString(indent) + 1}
	if tab := strings.IndexByte(indent, '\t'); tab >= 0 {
		return s.syntax(mark{line, tab + 1}, "a tab in the indentation", "YAML indents with spaces only")
	}
	problem, hint := translate(message, text)
	return s.syntax(at, problem, hint)
}

// splitError takes "yaml: line 3: message" apart; the line is 0 if missing.
func splitError(err error) (line int, message string) {
	message = strings.TrimPrefix(err.Error(), "yaml: ")
	if n, scanErr := fmt.Sscanf(message, "line %d:", &line); n == 1 && scanErr == nil {
		_, message, _ = strings.Cut(message, ": ")
	}
	return line, message
}

// searchedBytes bounds the work of brokenLine.
const searchedBytes = 16 << 20

// brokenLine finds the line that breaks the document. The parser names the start
// of the block that it was in, often far above; the line after the longest
// beginning of the file that is a document by itself is the better answer.
func (s *source) brokenLine(data []byte, reported int) int {
	ends := lineEnds(data)
	budget := searchedBytes
	for n := len(ends) - 1; n > 0; n-- {
		ok := parses(data[:ends[n-1]], &budget)
		switch {
		case ok:
			return firstText(s.lines, n+1)
		case budget < 0:
			return max(reported, 1)
		}
	}
	return firstText(s.lines, 1)
}

// firstText returns the first line from a given one that holds more than a
// comment; that one itself if there is none.
func firstText(lines []string, from int) int {
	for i := from; i <= len(lines); i++ {
		text := strings.TrimSpace(lines[i-1])
		if text != "" && text[0] != '#' {
			return i
		}
	}
	return from
}

func lineEnds(data []byte) []int {
	var ends []int
	for i, c := range data {
		if c == '\n' {
			ends = append(ends, i+1)
		}
	}
	if len(data) > 0 && data[len(data)-1] != '\n' {
		ends = append(ends, len(data))
	}
	return ends
}

// parses reports whether data is YAML. It takes what the parser reads, which
// stops at the first fault, from the budget.
func parses(data []byte, budget *int) bool {
	left := bytes.NewReader(data)
	defer func() { *budget -= len(data) - left.Len() }()
	dec := yaml.NewDecoder(left)
	for {
		doc, err := next(dec)
		if doc == nil {
			return err == nil
		}
	}
}

// translate says in the user's words what the parser says in its own.
func translate(message, text string) (problem, hint string) {
	expands := strings.Contains(text, "${")
	switch {
	case strings.Contains(message, "mapping values are not allowed"):
		return `an unexpected ":"`, `quote a value that contains ": ", or check the indentation of this line and the one above`
	case strings.Contains(message, "cannot start any token"):
		return "a character that cannot begin a value", "put the value in quotes"
	case strings.Contains(message, "did not find expected ',' or"), strings.Contains(message, "did not find expected node content"):
		if expands {
			return "braces of ${…} inside a list or mapping in brackets", `put it in quotes: ["${env:NAME}"]`
		}
		return "a list or mapping in brackets is not closed or lacks a comma", ""
	case strings.Contains(message, "unexpected end of stream"):
		return "a quote is not closed", ""
	case strings.Contains(message, "could not find expected ':'"):
		return `a key without ":"`, `write "key: value"`
	case strings.Contains(message, "did not find expected key"), strings.Contains(message, "did not find expected '-' indicator"):
		return "the indentation does not fit the lines above", ""
	case strings.Contains(message, "unknown anchor"):
		// The name may be a value that happens to begin with an asterisk, and secret.
		return `a value that begins with "*" repeats an anchor, and this one is not defined above`, "put the value in quotes if it is meant as it stands"
	case strings.Contains(message, "control characters are not allowed"):
		return "a control character", "remove it"
	}
	return "not valid YAML: " + strings.TrimRightFunc(message, unicode.IsPunct), ""
}
