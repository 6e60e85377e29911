package otlpjson

import "github.com/otlpctl/otlpctl/receiver/wire"

// maxSkipDepth bounds the arrays and objects nested in the value of an unknown
// key. A message of OTLP takes at most two of them, so that a newer version's
// fields never meet it before wire.MaxDepth.
const maxSkipDepth = 2 * wire.MaxDepth

// skip reads the value of an unknown key, which must be well-formed (J4).
func (d *decoder) skip(p, depth int) int {
	if p >= len(d.src) {
		return d.truncated()
	}
	switch c := d.src[p]; c {
	case '{', '[':
		if depth == maxSkipDepth {
			return d.fail(p, "objects and arrays are nested too deeply")
		}
		return d.skipMembers(p+1, depth+1, c == '{')
	case '"':
		return d.skipString(p + 1)
	case 't':
		return d.literal(p, "true")
	case 'f':
		return d.literal(p, "false")
	case 'n':
		return d.literal(p, "null")
	default:
		if c != '-' && c-'0' > 9 {
			return d.unexpected(p, "a value")
		}
		_, p = d.number(p, "a number")
		return p
	}
}

// skipMembers skips to the end of an object or array; p is behind its opening.
func (d *decoder) skipMembers(p, depth int, object bool) int {
	src := d.src
	closing, want := byte(']'), `"," or "]"`
	if object {
		closing, want = '}', `"," or "}"`
	}
	p = space(src, p)
	if p < len(src) && src[p] == closing {
		return p + 1
	}
	for {
		if object {
			if p >= len(src) || src[p] != '"' {
				return d.unexpected(p, "a key")
			}
			if p = d.skipString(p + 1); p < 0 {
				return p
			}
			if p = d.colon(p); p < 0 {
				return p
			}
			p = space(src, p)
		}
		if p = d.skip(p, depth); p < 0 {
			return p
		}
		p = space(src, p)
		switch {
		case p < len(src) && src[p] == ',':
			p = space(src, p+1)
		case p < len(src) && src[p] == closing:
			return p + 1
		default:
			return d.unexpected(p, want)
		}
	}
}

// skipString skips to behind the closing quote; p is behind the opening one.
func (d *decoder) skipString(p int) int {
	_, p = d.text(p)
	return p
}
