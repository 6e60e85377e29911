package inspect

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// hidden stands where a secret would.
const hidden = "***"

// soundsSecret says whether a variable of that name is likely to hold a secret. Names of files are none.
func soundsSecret(name string) bool {
	name = strings.ToUpper(name)
	if strings.HasSuffix(name, "_FILE") || strings.HasSuffix(name, "_PATH") {
		return false
	}
	words := []string{"PASSW", "PASSPHRASE", "SECRET", "TOKEN", "CREDENTIAL", "APIKEY", "API_KEY", "PRIVATE_KEY", "ACCESS_KEY"}
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(name, word) })
}

// hider hides secrets in texts.
type hider struct{ assignment, address *regexp.Regexp }

func newHider() hider {
	return hider{
		regexp.MustCompile(`([A-Za-z0-9_-]+)=("[^"]*"|'[^']*'|[^\s"']+)`),
		regexp.MustCompile(`(://)[^/@\s:]*:[^/@\s]+@`),
	}
}

// hide returns a text without the values that are assigned to names that sound secret, and without the
// passwords in addresses; and those names.
func (h hider) hide(text string) (shown string, names []string) {
	shown = h.assignment.ReplaceAllStringFunc(text, func(match string) string {
		name, value, _ := strings.Cut(match, "=")
		if !soundsSecret(name) || strings.HasPrefix(value, "$") || value == `""` {
			return match
		}
		names = append(names, name)
		return name + "=" + hidden
	})
	if h.address.MatchString(shown) {
		names = append(names, "a password in an address")
		shown = h.address.ReplaceAllString(shown, "${1}"+hidden+"@")
	}
	return shown, names
}

// variable hides the value of a variable whose name sounds secret, spaces in it included.
func (h hider) variable(pair string) (shown string, names []string) {
	name, value, _ := strings.Cut(pair, "=")
	if soundsSecret(name) && value != "" {
		return name + "=" + hidden, []string{name}
	}
	return h.hide(pair)
}

func (h hider) all(texts []string) []string {
	shown := make([]string, len(texts))
	for i, text := range texts {
		shown[i], _ = h.hide(text)
	}
	return shown
}

// isSecretFile says whether a file is a secret by its name.
func isSecretFile(at string) bool {
	base := path.Base(at)
	switch base {
	case "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".env", ".netrc", ".pgpass", ".git-credentials", ".htpasswd":
		return true
	case "credentials":
		return path.Base(path.Dir(at)) == ".aws"
	case "config.json":
		return path.Base(path.Dir(at)) == ".docker"
	}
	return strings.HasPrefix(base, ".env.") && !strings.HasSuffix(base, ".example") && !strings.HasSuffix(base, ".sample")
}
