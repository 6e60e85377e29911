package inspect

import "slices"

// noSecrets looks at names: of variables, also in what made the layers, and of files, also those that a
// later layer deletes, as they are in the image all the same.
func noSecrets(l linted) (ok bool, why, hint string) {
	var found []string
	add := func(text string) {
		if !slices.Contains(found, text) {
			found = append(found, text)
		}
	}
	for _, pair := range l.config.Config.Env {
		_, names := l.hide.variable(pair)
		for _, name := range names {
			add(name)
		}
	}
	for _, step := range l.config.History {
		_, names := l.hide.hide(step.CreatedBy)
		for _, name := range names {
			add(name)
		}
	}
	for _, s := range l.scanned {
		for _, e := range s.entries {
			if e.key || !e.isFolder() && isSecretFile(e.path) {
				add("/" + e.path)
			}
		}
	}
	if len(found) == 0 {
		return true, "has no secrets, by their names", ""
	}
	return false, "may hold secrets: " + brief(found), "mount them when it runs; deleting one in a later layer does not take it out"
}
