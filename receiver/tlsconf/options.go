package tlsconf

import (
	"crypto/tls"
	"errors"
)

// versions returns the bounds of the TLS version. A maximum of 0 leaves the
// choice to crypto/tls.
func (c Common) versions() (lowest, highest uint16, err error) {
	lowest, err = version("min_version", c.MinVersion, tls.VersionTLS12)
	if err != nil {
		return 0, 0, err
	}
	highest, err = version("max_version", c.MaxVersion, 0)
	if err != nil {
		return 0, 0, err
	}
	if highest != 0 && highest < lowest {
		// An unset minimum is 1.2, which max_version alone can fall below.
		return 0, 0, at("max_version", "%s is below the lowest version %s", c.MaxVersion, tls.VersionName(lowest)[len("TLS "):])
	}
	return lowest, highest, nil
}

func version(key, name string, unset uint16) (uint16, error) {
	switch name {
	case "":
		return unset, nil
	case "1.0":
		return tls.VersionTLS10, nil
	case "1.1":
		return tls.VersionTLS11, nil
	case "1.2":
		return tls.VersionTLS12, nil
	case "1.3":
		return tls.VersionTLS13, nil
	}
	return 0, at(key, "%q is not a TLS version: one of 1.0, 1.1, 1.2, 1.3", name)
}

// cipherSuites translates names; nil means the defaults of crypto/tls.
func (c Common) cipherSuites() ([]uint16, error) {
	var ids []uint16
	var errs []error
	for i, name := range c.CipherSuites {
		if id, ok := suite(tls.CipherSuites(), name); ok {
			ids = append(ids, id)
			continue
		}
		id, insecure := suite(tls.InsecureCipherSuites(), name)
		switch {
		case insecure && c.IncludeInsecureCipherSuites:
			ids = append(ids, id)
		case insecure:
			errs = append(errs, atItem("cipher_suites", i, "%s has known weaknesses: choose another, or set include_insecure_cipher_suites: true", name))
		default:
			errs = append(errs, atItem("cipher_suites", i, "%q is not a known cipher suite", name))
		}
	}
	return ids, errors.Join(errs...)
}

func suite(from []*tls.CipherSuite, name string) (uint16, bool) {
	for _, s := range from {
		if s.Name == name {
			return s.ID, true
		}
	}
	return 0, false
}

// curves translates names; nil means the defaults of crypto/tls.
func (c Common) curves() ([]tls.CurveID, error) {
	var ids []tls.CurveID
	var errs []error
	for i, name := range c.CurvePreferences {
		switch name {
		case "P256":
			ids = append(ids, tls.CurveP256)
		case "P384":
			ids = append(ids, tls.CurveP384)
		case "P521":
			ids = append(ids, tls.CurveP521)
		case "X25519":
			ids = append(ids, tls.X25519)
		case "X25519MLKEM768":
			ids = append(ids, tls.X25519MLKEM768)
		default:
			errs = append(errs, atItem("curve_preferences", i, "%q is not a known curve: one of P256, P384, P521, X25519, X25519MLKEM768", name))
		}
	}
	return ids, errors.Join(errs...)
}
