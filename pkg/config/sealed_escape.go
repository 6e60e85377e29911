package config

import "strings"

// withoutEscapes returns what a text of a file stands for; refers says that it has
// a reference and stands for something else elsewhere.
func withoutEscapes(text string) (plain string, refers bool) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		b.WriteByte(text[i])
		if text[i] != '$' || i+1 == len(text) {
			continue
		}
		switch text[i+1] {
		case '{':
			return "", true
		case '$':
			i++
		}
	}
	return b.String(), false
}

// withEscapes is the reverse: the text that stands for a value in a file.
func withEscapes(text string) string {
	var b strings.Builder
	for i := range len(text) {
		b.WriteByte(text[i])
		if text[i] == '$' && i+1 < len(text) && (text[i+1] == '$' || text[i+1] == '{') {
			b.WriteByte('$')
		}
	}
	return b.String()
}
