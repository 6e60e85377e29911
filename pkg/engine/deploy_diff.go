package engine

import "strings"

// Difference is a field of a container that a deployment would change. The names of its JSON fields are API.
type Difference struct {
	Field string `json:"field"`
	// Now and Then are the values before and after; nil is none.
	Now  *string `json:"now"`
	Then *string `json:"then"`
	// Secret says that the values are not shown.
	Secret bool `json:"secret,omitempty"`
}

const mask = "***"

// differences compares properties. Those that both have come first, in the order of then.
func differences(now, then []property) []Difference {
	before := make(map[string]property, len(now))
	for _, f := range now {
		before[f.name] = f
	}
	found := []Difference{}
	for _, f := range then {
		old, had := before[f.name]
		delete(before, f.name)
		switch {
		case !had:
			found = append(found, Difference{Field: f.name, Then: f.shown(), Secret: f.secret})
		case old.value != f.value:
			found = append(found, Difference{Field: f.name, Now: old.shown(), Then: f.shown(), Secret: f.secret})
		}
	}
	for _, f := range now {
		if _, left := before[f.name]; left {
			found = append(found, Difference{Field: f.name, Now: f.shown(), Secret: f.secret})
		}
	}
	return found
}

// shown returns what may be shown of a value. The name of an image is as long as it is shown elsewhere.
func (p property) shown() *string {
	value := p.value
	switch {
	case p.secret:
		value = mask
	case p.name == "image":
		value = shortID(value)
	}
	return &value
}

// shortID shortens the ID of a container or an image as Docker does.
func shortID(id string) string {
	const digits = 12
	id = strings.TrimPrefix(id, "sha256:")
	return id[:min(digits, len(id))]
}
