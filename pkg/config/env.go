package config

import (
	"regexp"
	"strings"
)

// expansionFault says why a text with ${…} has no value.
type expansionFault struct{ problem, hint string }

// expand replaces ${env:NAME}, ${env:NAME:-default} and ${NAME} with variables,
// and $$ with a dollar sign. A default may itself hold references; the value of
// a variable is taken as it is. Any other dollar sign stands for itself.
func expand(text string, lookup func(string) (string, bool)) (string, *expansionFault) {
	var b strings.Builder
	for {
		at := strings.IndexByte(text, '$')
		if at < 0 || at == len(text)-1 {
			b.WriteString(text)
			return b.String(), nil
		}
		b.WriteString(text[:at])
		switch text[at+1] {
		case '$':
			b.WriteByte('$')
			text = text[at+2:]
		case '{':
			length := reference(text[at:])
			if length == 0 {
				return "", &expansionFault{"${ without }", "close it, or write $${ for the characters themselves"}
			}
			value, fault := resolve(text[at+2:at+length-1], lookup)
			if fault != nil {
				return "", fault
			}
			b.WriteString(value)
			text = text[at+length:]
		default:
			b.WriteByte('$')
			text = text[at+1:]
		}
	}
}

// reference returns the length of the ${…} that text begins with, or 0 if it is
// not closed.
func reference(text string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], "${"):
			depth++
			i++
		case text[i] == '}':
			depth--
			if depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}

// resolve returns what the inside of a ${…} stands for.
func resolve(inside string, lookup func(string) (string, bool)) (string, *expansionFault) {
	scheme, rest, hasScheme := strings.Cut(inside, ":")
	switch {
	case !hasScheme:
		return variable(inside, "", false, lookup)
	case scheme == "env":
		name, fallback, hasFallback := strings.Cut(rest, ":-")
		return variable(name, fallback, hasFallback, lookup)
	case strings.HasPrefix(rest, "-"):
		return "", &expansionFault{"${" + printable(scheme) + ":-…} is not a reference", "write ${env:" + printable(scheme) + ":-…}"}
	}
	return "", &expansionFault{"${" + printable(scheme) + ":…} is not supported", "use ${env:NAME} or ${env:NAME:-default}, or write $${ for the characters themselves"}
}

func variable(name, fallback string, hasFallback bool, lookup func(string) (string, bool)) (string, *expansionFault) {
	if !regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`).MatchString(name) {
		return "", &expansionFault{"${…} does not name an environment variable", "names have letters, digits and _; write $${ for the characters themselves"}
	}
	if value, ok := lookup(name); ok {
		return value, nil
	}
	if !hasFallback {
		return "", &expansionFault{"the environment variable " + name + " is not set", "set it, or give a default: ${env:" + name + ":-value}"}
	}
	return expand(fallback, lookup)
}
