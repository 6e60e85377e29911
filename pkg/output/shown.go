package output

import (
	"fmt"
	"unicode"
	"unicode/utf16"
)

// Shown returns JSON as a stream should have it: on a terminal with escapes for what would command it, or
// change the direction of its text; elsewhere as it is. It says the same either way.
func Shown(w Stream, text []byte) []byte {
	if !w.IsTerminal() {
		return text
	}
	shown := make([]byte, 0, len(text))
	for _, c := range string(text) {
		if c < unicode.MaxASCII || !unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			shown = append(shown, string(c)...)
			continue
		}
		for _, unit := range utf16.Encode([]rune{c}) {
			shown = fmt.Appendf(shown, `\u%04x`, unit)
		}
	}
	return shown
}
