package registry

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// Target is the URL of a service in a registry, such as etcd://10.0.0.1:2379,10.0.0.2:2379/services/otlp?zone=a.
type Target struct {
	Scheme string
	// Hosts are those between the scheme and the path, which commas separate. There may be none.
	Hosts []string
	// Path has no slash at its beginning, and no escapes.
	Path string
	// Query has the parameters.
	Query url.Values
}

// The parameters that all registries have.
const (
	paramTag  = "tag"
	paramZone = "zone"
)

// Parse takes a URL apart. Its errors repeat nothing of it that may be a secret.
func Parse(text string) (Target, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || scheme == "" {
		return Target{}, hinted.New(errors.New("this is no URL of a service"), "write one such as consul://127.0.0.1:8500/otlp-receiver")
	}
	t := Target{Scheme: strings.ToLower(scheme)}
	rest, _, fragment := strings.Cut(rest, "#")
	place, query, _ := strings.Cut(rest, "?")
	hosts, path, _ := strings.Cut(place, "/")
	var err error
	if t.Query, err = url.ParseQuery(query); err != nil || fragment {
		return Target{}, fmt.Errorf("%s: what follows the path is not of the form ?tag=…&zone=…", t.Scheme)
	}
	if strings.Contains(hosts, "@") {
		return Target{}, hinted.New(fmt.Errorf("%s: a URL is no place for a user, a password or a token", t.Scheme), secretHint(t.Scheme))
	}
	if t.Path, err = url.PathUnescape(path); err != nil {
		return Target{}, fmt.Errorf("%s: the path: %w", t.Scheme, err)
	}
	if hosts != "" {
		t.Hosts = strings.Split(hosts, ",")
	}
	return t, nil
}

// String returns the URL without its parameters.
func (t Target) String() string { return t.Scheme + "://" + strings.Join(t.Hosts, ",") + "/" + t.Path }

// Allow fails if the URL has a parameter that is neither among those named nor one that all registries have, or has one twice
// that is not a tag.
func (t Target) Allow(params ...string) error {
	params = append([]string{paramTag, paramZone}, params...)
	for name, values := range t.Query {
		switch {
		case !slices.Contains(params, name) && isSecret(name):
			return hinted.New(fmt.Errorf("%s: a URL is no place for a user, a password or a token", t), secretHint(t.Scheme))
		case !slices.Contains(params, name):
			return hinted.New(fmt.Errorf("%s: there is no parameter %q", t, name), "the parameters are "+strings.Join(params, ", "))
		case len(values) > 1 && name != paramTag:
			return fmt.Errorf("%s: the parameter %s is there twice", t, name)
		}
	}
	return nil
}

// Flag returns the value of a parameter that is true or false; def is that of one that is not there.
func (t Target) Flag(name string, def bool) (bool, error) {
	switch value := t.Query.Get(name); value {
	case "":
		return def, nil
	case "true":
		return true, nil
	case "false":
		return false, nil
	default:
		return false, fmt.Errorf("%s: %s=%s: want true or false", t, name, value)
	}
}

// Addrs returns the hosts, each with a port: fallback if it has none.
func (t Target) Addrs(fallback string) ([]string, error) {
	addrs := make([]string, 0, len(t.Hosts))
	for _, host := range t.Hosts {
		addr, err := Addr(host, fallback)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t, err)
		}
		addrs = append(addrs, addr)
	}
	return addrs, nil
}

// Addr returns host:port of a host that may have a port. Without a fallback it must have one.
func Addr(text, fallback string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil && fallback != "" && !strings.Contains(strings.Trim(text, "[]"), ":") {
		host, port, err = text, fallback, nil
	}
	if err != nil && fallback != "" && strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		host, port, err = strings.Trim(text, "[]"), fallback, nil
	}
	if err != nil || !isHost(host) || !isPort(port) {
		return "", fmt.Errorf("%q is not host:port", text)
	}
	return net.JoinHostPort(host, port), nil
}

// isHost reports whether text may be a name or an IP address. What a name is beyond that DNS knows.
func isHost(text string) bool {
	if strings.Contains(text, ":") {
		_, err := netip.ParseAddr(text)
		return err == nil
	}
	foreign := func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune("/\\?#@%[]\"<>^`{|}", r) }
	return text != "" && !strings.ContainsFunc(text, foreign)
}

func isPort(text string) bool {
	port, err := strconv.ParseUint(text, 10, 16)
	return err == nil && port > 0
}

func isSecret(param string) bool {
	param = strings.ToLower(param)
	for _, word := range []string{"token", "password", "passwd", "secret", "user"} {
		if strings.Contains(param, word) {
			return true
		}
	}
	return false
}

// secretHint says where the credentials for a registry belong.
func secretHint(scheme string) string {
	switch scheme {
	case "consul":
		return "set CONSUL_HTTP_TOKEN, or CONSUL_HTTP_TOKEN_FILE to a file with the token"
	case "etcd":
		return "set ETCDCTL_USER and ETCDCTL_PASSWORD"
	case "eureka":
		return "set EUREKA_USER and EUREKA_PASSWORD"
	case "kubernetes":
		return "a kubeconfig has them: see the parameters kubeconfig and context"
	}
	return "this registry asks for none"
}
