package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// expansionFault says why a text with ${…} has no value.
type expansionFault struct{ problem, hint string }

// expander replaces the references in a text.
type expander func(text string) (string, *expansionFault)

// references finds what ${…} stands for.
type references struct {
	lookupEnv func(name string) (value string, ok bool)
	keys      *Keys // of encrypted values; nil leaves those as they are
	// files are those that ${file:…} named, each once.
	files []string
}

// read returns the files that values came from or were decrypted with.
func (r *references) read() []string {
	if r.keys == nil || r.keys.file == "" {
		return r.files
	}
	return append(slices.Clip(r.files), r.keys.file)
}

// expand replaces ${env:NAME}, ${env:NAME:-default} and ${NAME} with variables,
// ${file:PATH} with what is in the file, without the line breaks at its end, and
// $$ with a dollar sign. A default may itself hold references; the value of a
// variable or a file is taken as it is. Any other dollar sign stands for itself.
func (r *references) expand(text string) (string, *expansionFault) {
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
			value, fault := r.resolve(text[at+2 : at+length-1])
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

// asWritten is an expander that leaves references alone. In any other text $$ is
// a dollar sign, as it always is.
func asWritten(text string) (string, *expansionFault) {
	if refers(text) {
		return text, nil
	}
	return strings.ReplaceAll(text, "$$", "$"), nil
}

// refers reports whether a text is known only where it is used: it has a
// reference in it, or is encrypted.
func refers(text string) bool {
	if looksSealed(text) {
		return true
	}
	for at := strings.IndexByte(text, '$'); at >= 0 && at < len(text)-1; at = strings.IndexByte(text, '$') {
		if text[at+1] == '{' {
			return true
		}
		skip := 1
		if text[at+1] == '$' {
			skip = 2
		}
		text = text[at+skip:]
	}
	return false
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
func (r *references) resolve(inside string) (string, *expansionFault) {
	scheme, rest, hasScheme := strings.Cut(inside, ":")
	switch {
	case !hasScheme:
		return r.variable(inside, "", false)
	case scheme == "env":
		name, fallback, hasFallback := strings.Cut(rest, ":-")
		return r.variable(name, fallback, hasFallback)
	case scheme == "file":
		return r.file(rest)
	case strings.HasPrefix(rest, "-"):
		return "", &expansionFault{"${" + printable(scheme) + ":-…} is not a reference", "write ${env:" + printable(scheme) + ":-…}"}
	}
	return "", &expansionFault{"${" + printable(scheme) + ":…} is not supported", "use ${env:NAME}, ${env:NAME:-default} or ${file:PATH}, or write $${ for the characters themselves"}
}

func (r *references) variable(name, fallback string, hasFallback bool) (string, *expansionFault) {
	if !regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`).MatchString(name) {
		return "", &expansionFault{"${…} does not name an environment variable", "names have letters, digits and _; write $${ for the characters themselves"}
	}
	if value, ok := r.lookupEnv(name); ok {
		if slices.Contains(KeyVariables(), name) || holdsIdentity(value) {
			return "", &expansionFault{"the environment variable " + name + " has to do with the identity for encrypted values, which is no value itself", ""}
		}
		return value, nil
	}
	if !hasFallback {
		return "", &expansionFault{"the environment variable " + name + " is not set", "set it, or give a default: ${env:" + name + ":-value}"}
	}
	return r.expand(fallback)
}

// maxReference is the most that ${file:…} reads, in bytes.
const maxReference = 1 << 20

// file returns what is in a file. Editors and secret stores end it with a line
// break that is not part of the value.
func (r *references) file(path string) (string, *expansionFault) {
	if !slices.Contains(r.files, path) {
		r.files = append(r.files, path)
	}
	data, err := readFile(path, maxReference)
	if err == nil && !utf8.Valid(data) {
		err = errors.New("not UTF-8 text")
	}
	if err == nil && holdsIdentity(string(data)) {
		err = errors.New("it has the identity for encrypted values, which is no value itself")
	}
	if err != nil {
		hint := ""
		if !filepath.IsAbs(path) {
			hint = "a relative path is looked up from the working directory"
		}
		return "", &expansionFault{fmt.Sprintf("${file:%s}: %v", printable(path), err), hint}
	}
	return strings.TrimRight(string(data), "\r\n"), nil
}
