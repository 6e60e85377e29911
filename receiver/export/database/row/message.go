package row

import "github.com/otlpctl/otlpctl/receiver/wire"

// each calls f with every value of a field that has a length.
func each(message []byte, number int, f func([]byte) error) error {
	for n, v := range wire.Values(message) {
		if n != number {
			continue
		}
		if err := f(v.Data); err != nil {
			return err
		}
	}
	return nil
}

// has reports whether a message has a field.
func has(message []byte, number int) bool {
	for n := range wire.Values(message) {
		if n == number {
			return true
		}
	}
	return false
}

// joined returns the message in a field: several of them are the same as one with all
// that they hold, and none is an empty one.
func joined(scratch *[]byte, b []byte, number int) []byte {
	whole := b[:0]
	found := 0
	for n, v := range wire.Values(b) {
		if n != number {
			continue
		}
		switch found++; found {
		case 1:
			whole = v.Data
			continue
		case 2:
			*scratch = append((*scratch)[:0], whole...)
		}
		*scratch = append(*scratch, v.Data...)
		whole = *scratch
	}
	return whole
}

// last returns what counts of the values of a field that has a length.
func last(message []byte, number int) []byte {
	value := message[:0]
	for n, v := range wire.Values(message) {
		if n == number {
			value = v.Data
		}
	}
	return value
}

// lastNumber is the same for a field that is a uint32.
func lastNumber(message []byte, number int) uint64 {
	var value uint32
	for n, v := range wire.Values(message) {
		if n == number {
			value = uint32(v.Bits)
		}
	}
	return uint64(value)
}
