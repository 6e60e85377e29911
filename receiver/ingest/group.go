package ingest

import (
	"crypto/sha256"
	"encoding/binary"
)

// longestGroup is how long the values may be before their hash stands for them.
const longestGroup = 64

// group returns a string that is equal for requests that agree in the values of
// all keys, and only for them. It is short, however long the headers are: queues
// keep it.
func group(keys []string, values func(key string) []string) string {
	var b []byte
	for _, key := range keys {
		all := values(key)
		b = binary.AppendUvarint(b, uint64(len(all)))
		for _, value := range all {
			b = binary.AppendUvarint(b, uint64(len(value)))
			b = append(b, value...)
		}
	}
	if len(b) > longestGroup {
		sum := sha256.Sum256(b)
		return "\xff" + string(sum[:]) // no short group begins like that: it would be 127 values
	}
	return string(b)
}
