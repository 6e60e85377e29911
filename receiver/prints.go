package receiver

import (
	"crypto/sha256"
	"maps"
	"os"
	"reflect"
	"slices"

	"github.com/otlpctl/otlpctl/receiver/tlsconf"
)

// prints are fingerprints of files that components read, by path: a component is
// built anew when one of its files has changed. A file that cannot be read has
// the zero print.
type prints map[string][sha256.Size]byte

// Files returns the files beside the configuration that components read when
// they are built: certificates and keys. They are known before anything is built.
func (c *Config) Files() []string { return slices.Sorted(maps.Keys(printsOf(c))) }

func printsOf(c *Config) prints {
	p := prints{}
	for _, path := range filesIn(c) {
		p[path] = [sha256.Size]byte{}
		if content, err := os.ReadFile(path); err == nil { //nolint:gosec // a file that the configuration names
			p[path] = sha256.Sum256(content)
		}
	}
	return p
}

// same reports whether the files that a configuration names were the same before.
func (p prints) same(before prints, cfg any) bool {
	for _, path := range filesIn(cfg) {
		if p[path] != before[path] {
			return false
		}
	}
	return true
}

// filesIn returns the paths of all certificates and keys that a configuration names.
func filesIn(cfg any) []string {
	var found []string
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer, reflect.Interface:
			if !v.IsNil() {
				walk(v.Elem())
			}
		case reflect.Map:
			for it := v.MapRange(); it.Next(); {
				walk(it.Value())
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Struct:
			switch c := v.Interface().(type) {
			case tlsconf.Client:
				found = append(found, c.Files()...)
			case tlsconf.Server:
				found = append(found, c.Files()...)
			default:
				for i := range v.NumField() {
					if v.Type().Field(i).IsExported() {
						walk(v.Field(i))
					}
				}
			}
		default:
		}
	}
	walk(reflect.ValueOf(cfg))
	return slices.DeleteFunc(found, func(path string) bool { return path == "" })
}
