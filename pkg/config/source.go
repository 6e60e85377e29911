package config

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// mark is a place in one file: line and column, both from 1, the column in
// characters.
type mark struct{ line, col int }

func compareMarks(a, b mark) int {
	return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.col, b.col))
}

// source is the text of one file or variable, kept to show lines of it.
type source struct {
	name string
	// rank is the number of the layer; higher ones override lower ones.
	rank int
	// inline marks what is no file: it has no lines to name.
	inline bool

	lines []string
	width []int // of the lines, in characters
	// tokens are the starts of all keys and values, in order. A value's text
	// ends before the next token.
	tokens []mark
	hidden map[mark]bool // tokens whose text must not be shown
}

func newSource(name string, data []byte) *source {
	// The parser does not count a byte order mark.
	text := strings.TrimPrefix(string(data), "\ufeff")
	s := &source{name: name, lines: splitLines(text), hidden: map[mark]bool{}}
	for _, line := range s.lines {
		s.width = append(s.width, utf8.RuneCountInString(line))
	}
	return s
}

// splitLines breaks where the YAML parser counts a line: beside \n, \r and \r\n
// those are the three breaks of Unicode that YAML 1.1 knew.
func splitLines(text string) []string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(text)
	return strings.Split(text, "\n")
}

const (
	mask = "***"
	// excerptWidth is how many characters of a line are shown at most, and
	// excerptLead how many of them come before the caret.
	excerptWidth = 120
	excerptLead  = 60
	// excerptReach is how far around the caret a line is looked at.
	excerptReach = 1000
)

// excerpt returns the line at m and a line that marks span characters from m.
// Both are empty if the file has no such line.
func (s *source) excerpt(m mark, span int) (text, caret string) {
	if m.line < 1 || m.line > len(s.lines) {
		return "", ""
	}
	shown, at := s.masked(m)
	if s.hiddenAt(m) {
		span = len(mask)
	}
	end := min(at+max(span, 1), len(shown))
	if len(shown) > excerptWidth {
		from := max(0, at-excerptLead)
		to := min(len(shown), from+excerptWidth)
		cutAfter := to < len(shown)
		shown, at, end = shown[from:to], at-from, min(end, to)-from
		if cutAfter {
			shown = append(slices.Clip(shown), '…')
		}
		if from > 0 {
			shown = append([]rune("…"), shown...)
			at, end = at+1, end+1
		}
	}
	text = strings.TrimRight(string(shown), " \t")
	return text, pointer(shown, at, end)
}

// masked returns the line around m without what must not be shown, and the index
// in it that m.col became.
func (s *source) masked(m mark) (shown []rune, at int) {
	line := []rune(s.lines[m.line-1])
	first := min(max(0, m.col-1-excerptReach), len(line))
	line = line[first:min(len(line), m.col-1+excerptReach)]
	inURL := userinfoIn(string(line))
	var place []int // in shown, for each character of the line
	inMask, indent := false, true
	for i, r := range line {
		// Indentation keeps no secret, and gives the rest of the line its place.
		indent = indent && (unicode.IsSpace(r) || r == '-')
		hidden := !indent && (inURL(i) || s.hiddenAt(mark{m.line, first + i + 1}))
		switch {
		case hidden && inMask:
			place = append(place, len(shown)-len(mask))
			continue
		case hidden:
			place = append(place, len(shown))
			shown = append(shown, []rune(mask)...)
		default:
			if inMask && r != '@' && r != '&' {
				shown = append(shown, ' ')
			}
			place = append(place, len(shown))
			shown = append(shown, r)
		}
		inMask = hidden
	}
	if m.col-first > len(place) {
		return shown, len(shown)
	}
	return shown, place[m.col-1-first]
}

func (s *source) hiddenAt(m mark) bool {
	i, found := slices.BinarySearchFunc(s.tokens, m, compareMarks)
	if !found {
		i--
	}
	return i >= 0 && s.hidden[s.tokens[i]]
}

// userinfoIn tells which characters of a line are the user and the password in
// a URL, or the value of a parameter that sounds secret.
func userinfoIn(line string) func(index int) bool {
	var spans [][2]int
	for _, loc := range userinfo().FindAllStringIndex(line, -1) {
		start := utf8.RuneCountInString(line[:loc[0]]) + len("://")
		end := utf8.RuneCountInString(line[:loc[1]]) - len("@")
		spans = append(spans, [2]int{start, end})
	}
	for _, loc := range secretParam().FindAllStringSubmatchIndex(line, -1) {
		spans = append(spans, [2]int{utf8.RuneCountInString(line[:loc[3]]), utf8.RuneCountInString(line[:loc[1]])})
	}
	return func(index int) bool {
		return slices.ContainsFunc(spans, func(s [2]int) bool { return index >= s[0] && index < s[1] })
	}
}

// pointer marks shown[at:end] from the line below, in columns of a terminal.
func pointer(shown []rune, at, end int) string {
	var b strings.Builder
	for i, r := range shown[:max(at, end)] {
		fill := " "
		switch {
		case i >= at:
			fill = "^"
		case r == '\t':
			fill = "\t"
		}
		b.WriteString(fill)
		if kind := width.LookupRune(r).Kind(); kind == width.EastAsianWide || kind == width.EastAsianFullwidth {
			b.WriteString(fill)
		}
	}
	if at >= end {
		b.WriteString("^")
	}
	return b.String()
}

// userinfo finds the user and the password in a URL, and in what was meant to be
// one: a space, a quote or a slash in a password does not give the rest of it away.
func userinfo() *regexp.Regexp { return regexp.MustCompile(`://(?:[^/?#\n]+|[^/@\n]*:[^@\n]*)@`) }

// secretParam finds a parameter of a URL that sounds secret: its name, and behind it
// its value.
func secretParam() *regexp.Regexp {
	return regexp.MustCompile(`(?i)([?&][\w.-]*(?:auth|key|pass|secret|token|credential)[\w.-]*=)[^&#\s"']+`)
}

// withoutUserinfo masks the user and the password in the URLs of a text, and the values
// of parameters that sound secret.
func withoutUserinfo(text string) string {
	text = userinfo().ReplaceAllString(text, "://"+mask+"@")
	return secretParam().ReplaceAllString(text, "${1}"+mask)
}

// show takes back that the text at m is hidden.
func (s *source) show(m mark) { delete(s.hidden, m) }
