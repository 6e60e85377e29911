// Package eureka finds the instances of an application that a Eureka server says are up, through its documented REST interface.
//
// Eureka tells nobody of a change: it is asked every thirty seconds, and itself forgets an instance only after ninety. While it
// hears of too few of all its instances it preserves them, and goes on to say that they are up.
package eureka

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

const (
	defaultPort = "8761"
	paramTLS    = "tls"
	// defaultFolder is where most servers have their interface; others have it at /eureka/v2.
	defaultFolder = "eureka"
)

// The variables with the credentials and the certificates.
const (
	envUser     = "EUREKA_USER"
	envPassword = "EUREKA_PASSWORD"
	envCA       = "EUREKA_CACERT"
	envCert     = "EUREKA_CERT"
	envKey      = "EUREKA_KEY"
)

// application is one that servers are asked for.
type application struct {
	http           *http.Client
	scheme         string
	path           string // of the application
	user, password string
}

// Open returns the source of eureka://HOST[:PORT],…/[FOLDER/]APP.
func Open(t registry.Target) (*registry.Source, error) {
	if err := t.Allow(paramTLS); err != nil {
		return nil, err
	}
	folder, app := path.Split(strings.Trim(t.Path, "/"))
	if folder = strings.Trim(folder, "/"); folder == "" {
		folder = defaultFolder
	}
	if app == "" || len(t.Hosts) == 0 {
		return nil, hinted.New(fmt.Errorf("%s: the server or the application is missing", t), "write eureka://HOST:PORT/APP")
	}
	addrs, err := t.Addrs(defaultPort)
	if err != nil {
		return nil, err
	}
	secure, err := t.Flag(paramTLS, false)
	if err != nil {
		return nil, err
	}
	a := &application{
		http: &http.Client{Transport: registry.Transport(nil)}, scheme: "http", path: "/" + folder + "/apps/" + url.PathEscape(app),
		user: os.Getenv(envUser), password: os.Getenv(envPassword),
	}
	if secure {
		conf, err := registry.TLSFromEnv(envCA, envCert, envKey)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t, err)
		}
		a.scheme, a.http = "https", &http.Client{Transport: registry.Transport(conf)}
	}
	watch := func(ctx context.Context, found func([]resolve.Instance)) error {
		return registry.AnyOf(addrs, found, func(addr string, found func([]resolve.Instance)) error {
			return a.watch(ctx, addr, found)
		})
	}
	return &registry.Source{Name: app, Watch: watch, Choice: t.Choice()}, nil
}

// watch asks again and again.
func (a *application) watch(ctx context.Context, addr string, found func([]resolve.Instance)) error {
	for ctx.Err() == nil {
		all, err := a.ask(ctx, addr)
		if err != nil {
			return explain("eureka "+addr, err)
		}
		found(all)
		registry.Sleep(ctx, registry.Freshness)
	}
	return ctx.Err()
}

func (a *application) ask(ctx context.Context, addr string) ([]resolve.Instance, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.scheme+"://"+addr+a.path, http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	if a.user != "" {
		request.SetBasicAuth(a.user, a.password)
	}
	var answer answer
	err = registry.Ask(ctx, a.http, request, &answer)
	if status, ok := errors.AsType[*registry.StatusError](err); ok && status.Code == http.StatusNotFound {
		return nil, nil // no instance has ever registered, or the last one has gone
	}
	return answer.instances(), err
}

// explain says why a server could not be asked.
func explain(who string, err error) error {
	status, ok := errors.AsType[*registry.StatusError](err)
	switch {
	case !ok:
		return registry.Advice{
			Start: "is the server running?",
			TLS:   "the parameter tls=true says that the server speaks TLS",
			Trust: envCA + " names the file with its certificate authority",
		}.Explain(who, err)
	case status.Code == http.StatusUnauthorized, status.Code == http.StatusForbidden:
		return hinted.New(fmt.Errorf("%s %w", who, err), envUser+" and "+envPassword+" say who may ask")
	}
	return fmt.Errorf("%s %w", who, err)
}
