package config

import (
	"fmt"
	"slices"
	"strings"
)

// envPrefix begins the names of variables that set keys, and separator parts
// the keys in them: APP__SERVER__PORT.
const (
	envPrefix = "APP__"
	separator = "__"
)

// nameFault says why a name stands for no key. guess is what the part of the
// name that fits nothing was likely meant to be, or with whole that part and all
// before it.
type nameFault struct {
	problem, hint, guess string
	whole                bool
}

// environ lays the variables that set keys over the document.
func (doc *document) environ(variables []string, whole spotter) {
	variables = slices.Clone(variables)
	slices.Sort(variables) // …__0 comes before …__1, and messages have an order
	l := layer{Layer: Layer{Kind: Environment, Name: "environment"}}
	rank := len(doc.layers)
	seen := map[string]string{}
	for _, variable := range variables {
		name, text, _ := strings.Cut(variable, "=")
		keys, ours := strings.CutPrefix(name, envPrefix)
		if !ours {
			continue
		}
		src := inline(name, variable, rank)
		doc.order[name] = len(doc.order) + 1
		at, fault := variableSpot(whole(doc.root), keys)
		if first, twice := seen[at.path().String()]; fault == nil && twice {
			fault = &nameFault{problem: "sets the same key as " + first, hint: "remove one of the two"}
		}
		if fault != nil {
			doc.nowhere(src, len(name), fault)
			continue
		}
		seen[at.path().String()] = name
		l.sets = append(l.sets, doc.assignment(src, at, text, nil))
	}
	doc.layers = append(doc.layers, l)
}

// variableSpot finds the key that a variable's name, without its prefix, stands for.
func variableSpot(at spot, keys string) (spot, *nameFault) {
	parts := strings.Split(keys, separator)
	done := envPrefix
	for len(parts) > 0 {
		next, used, fault := variableStep(at, parts)
		if fault != nil {
			if fault.whole {
				done = envPrefix
			}
			if fault.guess != "" {
				fault.hint = "did you mean " + done + strings.Join(append([]string{fault.guess}, parts[1:]...), separator) + "?"
			}
			return spot{}, fault
		}
		done += strings.Join(parts[:used], separator) + separator
		at, parts = next, parts[used:]
	}
	return at, nil
}

// variableStep takes one step. A key that has the separator in itself takes
// several parts.
func variableStep(at spot, parts []string) (next spot, used int, fault *nameFault) {
	if at.isList() {
		next, fault = at.numbered(parts[0])
		return next, 1, fault
	}
	children := at.children()
	for used = len(parts); used > 0; used-- {
		name := strings.ToUpper(strings.Join(parts[:used], separator))
		var exist, could []spot
		for _, c := range children {
			switch {
			case variableName(c.key()) != name:
			case c.made:
				could = append(could, c)
			default:
				exist = append(exist, c)
			}
		}
		if len(exist) == 0 {
			exist = could
		}
		switch {
		case len(exist) == 1:
			return exist[0], used, nil
		case len(exist) > 1:
			return spot{}, 0, &nameFault{
				problem: "stands for " + list(pathsOf(exist), "and"),
				hint:    "use --set or a file, where they can be told apart",
			}
		}
	}
	next, fault = at.newVariable(parts[0], children)
	return next, 1, fault
}

// newVariable makes a new element of a map that takes any key, or says what the
// part could have been.
func (s spot) newVariable(part string, children []spot) (spot, *nameFault) {
	fault := &nameFault{problem: fmt.Sprintf("%s has no key that %q could stand for", s.name(), part)}
	switch {
	case s.takesAnyKey() && !strings.Contains(part, "_"):
		return s.element(strings.ToLower(part)), nil
	case s.takesAnyKey():
		fault.hint = "use --set or a file: a new key may have -, / or . where this has _"
		return spot{}, fault
	}
	names := make([]string, len(children))
	for i, c := range children {
		names[i] = variableName(c.key())
	}
	fault.guess = Nearest(part, names)
	if long := ofDatabase(s.path(), part); fault.guess == "" && long != nil {
		fault.guess, fault.whole = strings.ToUpper(strings.Join(long, separator)), true
	}
	fault.hint = s.offer(names)
	return spot{}, fault
}

// variableName is a key as it stands in the name of a variable.
func variableName(key string) string {
	return strings.ToUpper(strings.NewReplacer("-", "_", "/", "_", ".", "_").Replace(key))
}

func pathsOf(spots []spot) []string {
	all := make([]string, len(spots))
	for i, s := range spots {
		all[i] = s.path().String()
	}
	return all
}
