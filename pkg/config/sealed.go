package config

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
)

// An encrypted value is the text ENC[age,BASE64]. In it is a file of age, and in
// that a payload, which says where the value belongs: age authenticates what it
// encrypts, so a value cannot be moved to another key unnoticed.
const (
	sealedBegin = "ENC[age,"
	sealedEnd   = "]"
	// sealedVersion is that of the payload.
	sealedVersion = 1
	// sealedBlock is what the payload's length is a multiple of: it tells little
	// about the length of a password.
	sealedBlock = 64
)

// payload is what is encrypted.
type payload struct {
	Version int `json:"v"`
	// Path has texts for keys and numbers for elements of lists.
	Path  []any  `json:"path"`
	Value string `json:"value"`
}

// sealedFault says why an encrypted value has no text.
type sealedFault struct{ problem, hint string }

// looksSealed reports whether a text is an encrypted value or what is left of
// one: nothing that begins like one is ever taken for the value itself.
func looksSealed(text string) bool { return strings.HasPrefix(text, sealedBegin) }

// seal encrypts the value of the key at p.
func seal(p *path, value string, to Recipients) (string, error) {
	data, err := json.Marshal(payload{sealedVersion, p.steps(), value})
	if err != nil {
		return "", err
	}
	if short := len(data) % sealedBlock; short > 0 {
		data = append(data, strings.Repeat(" ", sealedBlock-short)...) // which JSON ignores
	}
	var file bytes.Buffer
	w, err := age.Encrypt(&file, to.list...)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(data); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return sealedBegin + base64.StdEncoding.EncodeToString(file.Bytes()) + sealedEnd, nil
}

// unseal decrypts the value of the key at p.
func unseal(p *path, text string, with []age.Identity) (string, *sealedFault) {
	file, ok := sealedFile(text)
	if !ok {
		return "", &sealedFault{"is not a complete encrypted value", "it is ENC[age,…] with base64 inside, on one line, and nothing around it"}
	}
	const changed = "was changed after it was encrypted, or damaged"
	restore := "restore it, or set it anew with 'otlpctl config encrypt --value-from'"
	r, err := age.Decrypt(bytes.NewReader(file), with...)
	if _, stranger := errors.AsType[*age.NoIdentityMatchError](err); stranger {
		return "", &sealedFault{
			"is encrypted for another identity, or damaged",
			"take the identity of one of its recipients: set " + keyFileVariable + " or " + keyVariable,
		}
	}
	if err != nil {
		return "", &sealedFault{changed, restore}
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return "", &sealedFault{changed, restore}
	}
	return openPayload(p, data)
}

// sealedFile returns what is in the brackets. Each text stands for one file only,
// and each file has one text.
func sealedFile(text string) (file []byte, ok bool) {
	inside, begins := strings.CutPrefix(text, sealedBegin)
	inside, ends := strings.CutSuffix(inside, sealedEnd)
	if !begins || !ends {
		return nil, false
	}
	file, err := base64.StdEncoding.DecodeString(inside)
	if err != nil || base64.StdEncoding.EncodeToString(file) != inside {
		return nil, false
	}
	return file, true
}

// openPayload returns the value in a payload if it belongs to the key at p.
func openPayload(p *path, data []byte) (string, *sealedFault) {
	var in payload
	err := json.Unmarshal(data, &in)
	switch {
	case err == nil && in.Version > sealedVersion:
		return "", &sealedFault{"was encrypted by a later version of otlpctl", "update otlpctl"}
	case err != nil || in.Version != sealedVersion:
		return "", &sealedFault{"was not encrypted by otlpctl", "encrypt it with 'otlpctl config encrypt'"}
	}
	from := pathFrom(in.Path)
	if from == nil || !slices.Equal(from.steps(), p.steps()) {
		return "", &sealedFault{
			"was encrypted for " + nameOf(from) + " and holds only there",
			"move it back, or encrypt the value for this key with 'otlpctl config encrypt'",
		}
	}
	return in.Value, nil
}

func nameOf(p *path) string {
	if p == nil {
		return "another key"
	}
	return p.String()
}

// steps returns a path as texts and numbers.
func (p *path) steps() []any {
	if p == nil {
		return nil
	}
	if p.index >= 0 {
		return append(p.up.steps(), float64(p.index)) // as JSON reads it
	}
	return append(p.up.steps(), p.key)
}

// pathFrom is the reverse of steps; it is nil for what is no path.
func pathFrom(steps []any) *path {
	var p *path
	for _, s := range steps {
		switch s := s.(type) {
		case string:
			p = p.child(s)
		case float64:
			if s < 0 || s != float64(int(s)) {
				return nil
			}
			p = p.item(int(s))
		default:
			return nil
		}
	}
	return p
}
