package config

import (
	"fmt"
	"strings"

	"filippo.io/age"
)

// Recipients are those who can decrypt a value.
type Recipients struct{ list []age.Recipient }

// Recipients returns those given; if none are, those in the environment; if there
// are none either and own is set, the owners of the identities in the environment.
// file, if not empty, names a file with further recipients, one a line.
func (k *Keys) Recipients(given []string, file string, own bool) (Recipients, error) {
	all, err := parseRecipients(given, "--recipient")
	if err != nil {
		return Recipients{}, err
	}
	if file != "" {
		data, err := readFile(file, maxKeyFile)
		if err != nil {
			return Recipients{}, fmt.Errorf("--recipients-file %s: %w", file, err)
		}
		more, err := parseRecipients(strings.Split(string(data), "\n"), file)
		if err == nil && len(more) == 0 {
			err = fmt.Errorf("%s: there is no recipient in it", file)
		}
		if err != nil {
			return Recipients{}, err
		}
		all = append(all, more...)
	}
	if len(all) > 0 {
		return Recipients{all}, nil
	}
	text, _ := k.lookupEnv(recipientsVariable)
	if all, err = parseRecipients(strings.Split(text, ","), recipientsVariable); err != nil || len(all) > 0 {
		return Recipients{all}, err
	}
	if !own {
		return Recipients{}, nobody()
	}
	return k.owners()
}

func nobody() error {
	return keyError{sealedFault{
		"there is nobody to encrypt for",
		"make a key with 'otlpctl config keygen -o age.key', and pass what it prints as --recipient or in " + recipientsVariable,
	}}
}

// owners returns the recipients of the identities.
func (k *Keys) owners() (Recipients, error) {
	text, _ := k.lookupEnv(keyVariable)
	file, _ := k.lookupEnv(keyFileVariable)
	if text == "" && file == "" {
		return Recipients{}, nobody()
	}
	identities, fault := k.load()
	if fault != nil {
		return Recipients{}, keyError{*fault}
	}
	var all []age.Recipient
	for _, identity := range identities {
		all = append(all, identity.Recipient())
	}
	return Recipients{all}, nil
}

// keyError is a fault of the keys where no value is at hand yet.
type keyError struct{ sealedFault }

func (e keyError) Error() string {
	return strings.TrimPrefix(e.problem, "is encrypted, and ")
}

// Hint says what to do.
func (e keyError) Hint() string { return e.hint }

// parseRecipients reads recipients. Empty lines and comments are skipped. A text
// that is none is not repeated: it may be an identity.
func parseRecipients(texts []string, where string) ([]age.Recipient, error) {
	var all []age.Recipient
	for i, text := range texts {
		text = strings.TrimSpace(text)
		if text == "" || text[0] == '#' {
			continue
		}
		recipient, err := age.ParseX25519Recipient(text)
		switch {
		case err == nil:
			all = append(all, recipient)
		case holdsIdentity(text):
			return nil, keyError{sealedFault{
				fmt.Sprintf("%s: number %d is an identity, which is secret, where a recipient belongs", where, i+1),
				"a recipient begins with age1; 'otlpctl config keygen' prints it, and age-keygen -y makes it of an identity",
			}}
		default:
			return nil, keyError{sealedFault{
				fmt.Sprintf("%s: number %d is no recipient", where, i+1),
				"a recipient begins with age1, as 'otlpctl config keygen' prints it",
			}}
		}
	}
	return all, nil
}

// NewIdentity makes an identity. file is its text in the format of age, which is
// secret; the recipient is what values are encrypted for.
func NewIdentity(created string) (file []byte, recipient string, err error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, "", err
	}
	recipient = identity.Recipient().String()
	return fmt.Appendf(nil, "# created: %s\n# public key: %s\n%s\n", created, recipient, identity), recipient, nil
}
