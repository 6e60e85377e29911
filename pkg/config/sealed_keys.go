package config

import (
	"fmt"
	"strings"

	"filippo.io/age"
)

// The variables with the keys for encrypted values. Their own values, of which
// one may have been put into the other by mistake, are in no message.
const (
	keyVariable        = "OTLPCTL_AGE_KEY"
	keyFileVariable    = "OTLPCTL_AGE_KEY_FILE"
	recipientsVariable = "OTLPCTL_AGE_RECIPIENTS"

	// identityMark begins an identity in whatever kind of age key.
	identityMark = "AGE-SECRET-KEY-"
	// maxKeyFile is the most that is read of a file with keys, in bytes.
	maxKeyFile = 1 << 20
)

// Keys are the identities and recipients of an environment. They are read when
// the first encrypted value needs them.
type Keys struct {
	lookupEnv  func(name string) (value string, ok bool)
	read       bool
	file       string // that an identity was read from
	identities []*age.X25519Identity
	fault      *sealedFault
}

// Keys returns the keys of the environment.
func (s Sources) Keys() *Keys { return &Keys{lookupEnv: s.lookup()} }

// KeyVariables are the variables that hold or name identities. What is started
// on behalf of a configuration has no use for them.
func KeyVariables() []string { return []string{keyVariable, keyFileVariable} }

// unseal decrypts the value of the key at p.
func (k *Keys) unseal(p *path, text string) (string, *sealedFault) {
	if !k.read {
		k.read = true
		k.identities, k.fault = k.load()
	}
	if k.fault != nil {
		return "", k.fault
	}
	with := make([]age.Identity, len(k.identities))
	for i, identity := range k.identities {
		with[i] = identity
	}
	return unseal(p, text, with)
}

// load reads the identities of both variables.
func (k *Keys) load() ([]*age.X25519Identity, *sealedFault) {
	text, _ := k.lookupEnv(keyVariable)
	file, _ := k.lookupEnv(keyFileVariable)
	if text == "" && file == "" {
		return nil, &sealedFault{
			"is encrypted, and there is no identity to decrypt it with",
			"set " + keyFileVariable + " to the path of a file with the identity, or " + keyVariable + " to the identity",
		}
	}
	all, fault := identitiesIn(text, keyVariable)
	if fault != nil || file == "" {
		return all, fault
	}
	k.file = file
	data, err := readFile(file, maxKeyFile)
	if err != nil {
		hint := "it takes the path of a file that this process may read"
		if strings.Contains(file, identityMark) {
			hint = "it takes the path of a file: the identity itself belongs into " + keyVariable
		}
		return nil, &sealedFault{"is encrypted, and the file that " + keyFileVariable + " names cannot be read: " + err.Error(), hint}
	}
	more, fault := identitiesIn(string(data), "the file that "+keyFileVariable+" names")
	return append(all, more...), fault
}

// identitiesIn reads identities, one a line. Empty lines and comments are skipped.
// No part of a line is in the fault: it may be most of a key.
func identitiesIn(text, where string) ([]*age.X25519Identity, *sealedFault) {
	var all []*age.X25519Identity
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		identity, err := age.ParseX25519Identity(line)
		if err != nil {
			return nil, &sealedFault{
				fmt.Sprintf("is encrypted, and line %d of %s is no identity", number, where),
				"an identity is a line that begins with AGE-SECRET-KEY-1, as 'otlpctl config keygen' makes it",
			}
		}
		all = append(all, identity)
	}
	if text != "" && len(all) == 0 {
		return nil, &sealedFault{"is encrypted, and " + where + " holds no identity", "'otlpctl config keygen' makes one"}
	}
	return all, nil
}

// holdsIdentity reports whether a text must not become a value: the identity is
// for this program alone.
func holdsIdentity(text string) bool { return strings.Contains(text, identityMark) }
