package otlpjson

import "strconv"

// decimal is a number in JSON's notation: ±0.digits × 10^point, taken apart but
// not yet converted.
type decimal struct {
	text     []byte
	whole    []byte // digits before the decimal point
	fraction []byte // digits behind it
	mantissa uint64 // all digits; meaningless if there are more than 19
	exponent int    // as written; huge ones are cut to ±maxExponent
	negative bool
}

// maxExponent is far beyond what any number of digits in memory can balance.
const maxExponent = 1 << 48

// scanDecimal reads the number at the start of text. It returns its length, or 0 if
// RFC 8259 has no such number.
func scanDecimal(text []byte) (n decimal, size int) {
	p := 0
	if p < len(text) && text[p] == '-' {
		n.negative = true
		p++
	}
	start := p
	for ; p < len(text) && text[p]-'0' <= 9; p++ {
		n.mantissa = n.mantissa*10 + uint64(text[p]-'0')
	}
	n.whole = text[start:p]
	if len(n.whole) == 0 || len(n.whole) > 1 && text[start] == '0' {
		return n, 0
	}
	if p < len(text) && text[p] == '.' {
		p++
		start = p
		for ; p < len(text) && text[p]-'0' <= 9; p++ {
			n.mantissa = n.mantissa*10 + uint64(text[p]-'0')
		}
		n.fraction = text[start:p]
		if len(n.fraction) == 0 {
			return n, 0
		}
	}
	if p < len(text) && text[p]|0x20 == 'e' {
		p++
		minus := p < len(text) && text[p] == '-'
		if minus || p < len(text) && text[p] == '+' {
			p++
		}
		start = p
		for ; p < len(text) && text[p]-'0' <= 9; p++ {
			n.exponent = min(n.exponent*10+int(text[p]-'0'), maxExponent)
		}
		if p == start {
			return n, 0
		}
		if minus {
			n.exponent = -n.exponent
		}
	}
	n.text = text[:p]
	return n, p
}

// integer returns the magnitude of the number, whether it is integral, and
// whether the magnitude fits. It is exact: nothing goes through a float.
func (n *decimal) integer() (v uint64, integral, fits bool) {
	point := len(n.whole) + n.exponent
	fits = true
	i := 0
	for _, part := range [2][]byte{n.whole, n.fraction} {
		for _, c := range part {
			digit := uint64(c - '0')
			if i >= point {
				if digit != 0 {
					return 0, false, false
				}
				continue
			}
			if v > (1<<64-1-digit)/10 {
				fits = false
			}
			v = v*10 + digit
			i++
		}
	}
	for ; i < point && v != 0 && fits; i++ {
		if v > (1<<64-1)/10 {
			fits = false
		}
		v *= 10
	}
	return v, true, fits
}

// float returns the nearest double. The error means that the number is too large for one.
func (n *decimal) float() (float64, error) {
	exponent := n.exponent - len(n.fraction)
	if len(n.whole)+len(n.fraction) <= 19 && n.mantissa <= 1<<53 && -22 <= exponent && exponent <= 22 {
		// Both operands are exact, so one operation rounds correctly.
		v := float64(n.mantissa)
		if exponent < 0 {
			v /= powersOfTen[-exponent]
		} else {
			v *= powersOfTen[exponent]
		}
		if n.negative {
			v = -v
		}
		return v, nil
	}
	return strconv.ParseFloat(string(n.text), 64)
}

//nolint:gochecknoglobals // immutable table: the powers of ten that a double holds exactly
var powersOfTen = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// number reads a number, or a string that holds one and nothing else.
func (d *decoder) number(start int, want string) (decimal, int) {
	if start >= len(d.src) {
		return decimal{}, d.truncated()
	}
	if d.src[start] == '"' {
		text, p := d.text(start + 1)
		if p < 0 {
			return decimal{}, p
		}
		n, size := scanDecimal(text)
		if size == 0 || size != len(text) {
			return n, d.fail(start, "must be "+want+", not "+quote(text))
		}
		return n, p
	}
	if c := d.src[start]; c != '-' && c-'0' > 9 {
		return decimal{}, d.mismatch(start, want)
	}
	n, size := scanDecimal(d.src[start:])
	if size == 0 {
		end := start + 1
		for end < len(d.src) && (d.src[end]-'0' <= 9 || d.src[end] == '.' || d.src[end]|0x20 == 'e' || d.src[end] == '+' || d.src[end] == '-') {
			end++
		}
		return n, d.fail(start, ""+quote(d.src[start:end])+" is not a number")
	}
	return n, start + size
}
