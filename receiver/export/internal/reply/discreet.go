package reply

import "strings"

// shownSecret stands for a secret in a text.
const shownSecret = "***"

const (
	// shortestSecret is the least length of a secret that is cut out of a text, in
	// bytes: what is shorter would be found in words that have nothing to do with it.
	shortestSecret = 4
	// shortestPart is the same for a part of one, so that the name of a scheme such
	// as Bearer stays.
	shortestPart = 8
)

// Discreet shows what a backend says, but not the secrets that it was sent: some
// backends repeat a token that they refuse. The zero value keeps no secret.
type Discreet struct{ secrets *strings.Replacer }

// NewDiscreet returns a Discreet that keeps the secrets and the words in them.
func NewDiscreet(secrets ...string) Discreet {
	var pairs []string
	keep := func(text string, least int) {
		if len(text) >= least {
			pairs = append(pairs, text, shownSecret)
		}
	}
	for _, s := range secrets {
		keep(s, shortestSecret)
	}
	for _, s := range secrets {
		for part := range strings.FieldsSeq(s) {
			keep(part, shortestPart)
		}
	}
	if pairs == nil {
		return Discreet{}
	}
	return Discreet{strings.NewReplacer(pairs...)}
}

// Line returns a backend's message as it is shown: in one line, and not too long.
func (d Discreet) Line(message string) string {
	// First, lest a cut leave half of a secret.
	if d.secrets != nil {
		message = d.secrets.Replace(message)
	}
	if len(message) > longestMessage {
		message = message[:longestMessage] + "…"
	}
	return strings.Join(strings.Fields(strings.ToValidUTF8(message, "")), " ")
}

// Error returns err with its text as it is shown.
func (d Discreet) Error(err error) error {
	if d.secrets == nil {
		return err
	}
	text := err.Error()
	if shown := d.secrets.Replace(text); shown != text {
		return discreetError{shown, err}
	}
	return err
}

type discreetError struct {
	text string
	err  error
}

func (e discreetError) Error() string { return e.text }

func (e discreetError) Unwrap() error { return e.err }
