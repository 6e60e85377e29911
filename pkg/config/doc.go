// Package config reads configuration files into the typed configuration of the
// receiver and says exactly what is wrong with them.
//
// A key is described once, by the struct tags of the field it sets:
//
//	Timeout time.Duration `yaml:"timeout" doc:"time for one attempt" min:"1ms" max:"1h"`
//
// The tags are yaml (the key; ",inline" for embedded structs), doc (one line),
// unit, min and max (numbers and durations), enum ("a|b"), fold ("true": enum in
// upper and lower case), secret ("true": never shown) and deprecated (what to use
// instead; using the key is a warning).
// Rules on a list or a map hold for each element. A duration is never negative
// unless min says so.
//
// Decoding works over a value that holds the defaults already: what no file
// sets stays as it is. Where a value is made on the way (a nil pointer, a list
// element, a map element), its SetDefaults method, if it has one, fills it
// first. A pointer to a struct that has SetDefaults is switched on by naming its
// key, even with nothing below it; "enabled: false" below the key of any pointer
// to a struct leaves it nil.
//
// Several files are one configuration: mappings merge, key by key and at every
// depth; a list, a scalar or nothing at all ("key:") in a later file replaces
// what earlier files say. That is how the Collector merges.
//
// Values are YAML 1.2: no, off and yes are text, true and false are the only
// booleans, 010 is refused rather than read as 8. Text fields take any scalar as
// it is written. ${env:NAME}, ${env:NAME:-default} and ${NAME} are replaced in
// values, never in keys; the result is text that is read as the field's type,
// and is not searched again. $$ is a dollar sign.
//
// A value that is ENC[age,…] is decrypted with the identity of the environment and
// is text to the letter, which no message shows. It holds for the path that it was
// encrypted for. Text has a file as it is written and changes such values in it.
//
// All faults are reported at once, each with its position in the file. A
// Validate method runs after decoding, on values at every level, unless a fault
// inside the value already explains it away. Of its errors, those that
// errors.Join joined are told apart, and methods refine what is reported:
//
//	ConfigPath() string  // the place, relative to the validated value: "exporters[1]"
//	Problem() string     // the message, if Error names the place as well
//	ConfigHint() string  // what to do
//	ConfigWarning() bool // true: no reason to stop
//
// Files are the only source today. The tree in which they are merged keeps the
// file, line and column of every value, so that further layers can be merged
// into it and tell where a value came from.
package config
