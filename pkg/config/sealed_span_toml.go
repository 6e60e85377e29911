package config

import (
	"bytes"

	"go.yaml.in/yaml/v3"
)

func tomlLength(data []byte, y *yaml.Node) int {
	if y.Style&yaml.DoubleQuotedStyle == 0 {
		return len(y.Value) // a number, a date, true or false
	}
	for _, quotes := range []string{`"""`, `'''`} {
		if bytes.HasPrefix(data, []byte(quotes)) {
			return multiline(data, quotes)
		}
	}
	if bytes.HasPrefix(data, []byte("'")) {
		end := bytes.IndexByte(data[1:], '\'')
		return end + 2
	}
	return doubleQuoted(data)
}

// multiline returns the length of a TOML string in three quotes. Up to two more
// of them may end the text itself.
func multiline(data []byte, quotes string) int {
	for i := len(quotes); i < len(data); i++ {
		switch {
		case data[i] == '\\' && quotes[0] == '"':
			i++
		case bytes.HasPrefix(data[i:], []byte(quotes)):
			end := i + len(quotes)
			for range 2 {
				if end < len(data) && data[end] == quotes[0] {
					end++
				}
			}
			return end
		}
	}
	return -1
}
