package config

import (
	"iter"
	"strings"
)

// insides are what is in the brackets of the references in a text, defaults of others aside.
func insides(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for {
			at := strings.IndexByte(text, '$')
			if at < 0 || at == len(text)-1 {
				return
			}
			if text[at+1] != '{' {
				text = text[at+2:] // what follows is another dollar sign, or cannot begin a reference
				continue
			}
			length := reference(text[at:])
			if length == 0 || !yield(text[at+len("${"):at+length-1]) {
				return
			}
			text = text[at+length:]
		}
	}
}

// variablesIn returns the environment variables that a text refers to, and whether each must be
// set: not if there is a default, nor if it is in the default of another one.
func variablesIn(text string) map[string]bool {
	found := map[string]bool{}
	for inside := range insides(text) {
		name, fallback, required := variableOf(inside)
		if name != "" {
			found[name] = found[name] || required
		}
		for inner := range variablesIn(fallback) {
			if _, known := found[inner]; !known {
				found[inner] = false
			}
		}
	}
	return found
}

// variableOf takes the inside of ${…} apart; name is empty if it is no variable.
func variableOf(inside string) (name, fallback string, required bool) {
	scheme, rest, hasScheme := strings.Cut(inside, ":")
	switch {
	case !hasScheme:
		return inside, "", true
	case scheme != "env":
		return "", "", false
	}
	name, fallback, hasFallback := strings.Cut(rest, ":-")
	return name, fallback, !hasFallback
}
