package image

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/distribution/reference"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// parseReference reads the name of an image: registry, repository, and tag or digest. Without a registry
// it is Docker's, without a tag it is latest. Only with insecure may the registry be spoken to over plain
// HTTP, or have a certificate that cannot be verified; one on this machine may always.
func parseReference(text string, insecure bool) (name.Reference, error) {
	if err := checkName(text); err != nil {
		return nil, err
	}
	var options []name.Option
	if insecure {
		options = append(options, name.Insecure)
	}
	ref, err := name.ParseReference(text, options...)
	if err != nil {
		return nil, noName(text)
	}
	return ref, nil
}

// checkName checks a name by the grammar that engines have: the library for registries takes more.
func checkName(text string) error {
	if before, after, ok := strings.Cut(text, "@"); ok && (strings.Contains(before, "://") || strings.Contains(after, "/") || strings.Contains(after, "@")) {
		return hinted.New(fmt.Errorf("%q has credentials in it, and is no name of an image", "…@"+after),
			"'docker login' or 'podman login' stores credentials; a name is [registry/]repository[:tag]")
	}
	if _, err := reference.ParseNormalizedNamed(text); err != nil {
		return noName(text)
	}
	return nil
}

func noName(text string) error {
	return hinted.New(fmt.Errorf("%q is no name of an image", text), "want [registry/]repository[:tag], in lower case")
}

// registryOptions are those with which every registry is spoken to. Credentials come from the files of
// docker and podman and the helpers that they name.
func registryOptions(insecure bool) []remote.Option {
	base := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // it is one, unless this process says otherwise
	if insecure {
		base.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // asked for
	}
	return []remote.Option{
		remote.WithTransport(guarded{base, insecure}),
		remote.WithAuthFromKeychain(authn.DefaultKeychain),
		remote.WithUserAgent("otlpctl"),
	}
}

// errPlainHTTP says that a registry would have to be spoken to without encryption.
var errPlainHTTP = errors.New("plain HTTP is refused")

// guarded keeps credentials and images from travelling in the clear. The library would fall back to plain
// HTTP for any private address.
type guarded struct {
	base     http.RoundTripper
	insecure bool
}

// RoundTrip sends a request, if it may be sent.
func (g guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "http" && !g.insecure && !isLoopback(r.URL.Hostname()) {
		return nil, errPlainHTTP
	}
	return g.base.RoundTrip(r)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// explainRegistry gives an error of a registry, about an image there, its next step. doing is push or
// pull.
func explainRegistry(doing string, ref name.Reference, err error) error {
	if err == nil {
		return nil
	}
	hint := connectionHint(ref.Context().RegistryStr(), err)
	if answer, ok := errors.AsType[*transport.Error](err); ok && hint == "" {
		hint = answerHint(doing, ref, answer.StatusCode)
	}
	return hinted.New(fmt.Errorf("%s %s: %w", doing, ref, err), hint)
}

// answerHint is the next step after a registry said no.
func answerHint(doing string, ref name.Reference, status int) string {
	host := ref.Context().RegistryStr()
	switch status {
	case http.StatusUnauthorized:
		return fmt.Sprintf("'docker login %s' or 'podman login %s' stores the credentials that are used here", host, host)
	case http.StatusForbidden:
		return fmt.Sprintf("the credentials for %s do not allow to %s %s: use others, or ask its owner", host, doing, ref.Context().RepositoryStr())
	case http.StatusNotFound:
		if doing == "push" {
			return fmt.Sprintf("create the repository %s there first, or check its name", ref.Context().RepositoryStr())
		}
		return "check the name and the tag"
	case http.StatusRequestEntityTooLarge:
		return "the registry, or a proxy before it, has a limit for uploads: raise it"
	case http.StatusTooManyRequests:
		return "the registry has a limit on requests: try again later, or log in"
	}
	if status >= http.StatusInternalServerError {
		return "the fault is the registry's: try again later, or look at its log"
	}
	return ""
}

// connectionHint is the next step after a registry did not answer.
func connectionHint(host string, err error) string {
	_, unverified := errors.AsType[*tls.CertificateVerificationError](err)
	_, unknown := errors.AsType[*net.DNSError](err)
	network, isNetwork := errors.AsType[net.Error](err)
	switch {
	case unverified:
		return fmt.Sprintf("make its authority known with SSL_CERT_FILE, or give --insecure to trust whoever answers as %s", host)
	case unknown:
		return fmt.Sprintf("is %s the registry's name, and does this machine know it?", host)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("nothing listens at %s: is the port right?", host)
	case isNetwork && network.Timeout():
		return fmt.Sprintf("%s does not answer: is there a firewall or a proxy (HTTPS_PROXY) between?", host)
	case errors.Is(err, errPlainHTTP), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return fmt.Sprintf("--insecure lets %s do without TLS; credentials and the image are readable on the way then", host)
	}
	return ""
}
