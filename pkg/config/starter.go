package config

import _ "embed" // for the starter

//go:embed starter.yaml
var starter string

// Starter returns a commented configuration to begin with. It says what holds
// without any; a longer part of it is commented out.
func Starter() string { return starter }
