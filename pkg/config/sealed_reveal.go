package config

// Sealed returns the paths of all encrypted values, in the order of the file.
func (t *Text) Sealed() []string {
	var paths []string
	for _, v := range t.values {
		if v.sealed() {
			paths = append(paths, v.path.String())
		}
	}
	return paths
}

// Values returns the values at the paths, decrypted where they are encrypted.
func (t *Text) Values(paths []string, keys *Keys) ([]string, error) {
	var values []string
	var faults []located
	for _, path := range paths {
		v, fault := t.lookup(path)
		text := ""
		if fault == nil {
			text, fault = t.reveal(v, keys)
		}
		if fault != nil {
			faults = append(faults, *fault)
		}
		values = append(values, text)
	}
	if len(faults) > 0 {
		return nil, t.failure(faults...)
	}
	return values, nil
}

// reveal returns the text of a value.
func (t *Text) reveal(v written, keys *Keys) (string, *located) {
	if !v.sealed() {
		return v.node.Value, nil
	}
	text, fault := keys.unseal(v.path, v.node.Value)
	if fault != nil {
		f := t.fault(v.path.String(), v.node, fault.problem, fault.hint)
		return "", &f
	}
	return text, nil
}

// revealAll returns the texts of all encrypted values, or the faults of all that
// cannot be decrypted.
func (t *Text) revealAll(keys *Keys) (map[string]string, error) {
	texts := map[string]string{}
	var faults []located
	for _, v := range t.values {
		if !v.sealed() {
			continue
		}
		text, fault := t.reveal(v, keys)
		if fault == nil {
			fault = t.replaceable(v)
		}
		if fault != nil {
			faults = append(faults, *fault)
		}
		texts[v.path.String()] = text
	}
	if len(faults) > 0 {
		return nil, t.failure(faults...)
	}
	return texts, nil
}

// Decrypt returns the file with the text of every encrypted value.
func (t *Text) Decrypt(keys *Keys) (*Text, error) {
	texts, err := t.revealAll(keys)
	if err != nil {
		return nil, err
	}
	for _, path := range t.Sealed() {
		v, fault := t.lookup(path)
		if fault != nil {
			return nil, t.failure(*fault)
		}
		text := withEscapes(texts[path])
		if t, err = t.put(v, text, t.plainForms(v, text)); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Rotate returns the file with every encrypted value encrypted anew.
func (t *Text) Rotate(keys *Keys, to Recipients) (*Text, error) {
	texts, err := t.revealAll(keys)
	if err != nil {
		return nil, err
	}
	for _, path := range t.Sealed() {
		v, fault := t.lookup(path)
		if fault != nil {
			return nil, t.failure(*fault)
		}
		if t, err = t.sealValue(v, texts[path], to); err != nil {
			return nil, err
		}
	}
	return t, nil
}
