package ingest

import "encoding/binary"

// group returns a string that is equal for requests that agree in the values of
// all keys, and only for them.
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
	return string(b)
}
