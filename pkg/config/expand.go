package config

// Expand replaces the references in a text as in a configuration: ${env:NAME}, ${env:NAME:-default}, ${NAME} and
// ${file:PATH}; $$ is a dollar sign. Errors do not repeat the text, which may be half of a secret, and have a hint.
func Expand(text string, lookupEnv func(name string) (value string, ok bool)) (string, error) {
	r := references{lookupEnv: lookupEnv}
	value, fault := r.expand(text)
	if fault != nil {
		return "", fault
	}
	return value, nil
}

func (f *expansionFault) Error() string { return f.problem }

// Hint says what to do next.
func (f *expansionFault) Hint() string { return f.hint }
