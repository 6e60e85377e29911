// Package engine works with a container engine that speaks Docker's API: Docker, or Podman's
// service. It builds the image from source, moves images, and runs the container.
package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/docker/cli/cli/connhelper"
	"github.com/docker/docker/client"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// oldestAPI is the API of Docker 18.09, the first with BuildKit.
const oldestAPI = "1.39"

// Engine is a connection to a container engine.
type Engine struct {
	api  *client.Client
	host string
}

// Open connects to the engine that DOCKER_HOST or DOCKER_CONTEXT names, else to the one of the
// current context, else to the usual socket, and asks whether it is there. The error says what
// to do.
func Open(ctx context.Context) (*Engine, error) {
	at, err := findEndpoint(os.Getenv)
	if err != nil {
		return nil, err
	}
	api, err := dial(at)
	if err != nil {
		return nil, hinted.New(
			fmt.Errorf("container engine at %s: %w", cmp.Or(at.host, client.DefaultDockerHost), err),
			"an address is unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST, and DOCKER_CERT_PATH a folder with ca.pem, cert.pem and key.pem",
		)
	}
	e := &Engine{api: api, host: cmp.Or(at.host, api.DaemonHost())}
	if err := e.greet(ctx); err != nil {
		return nil, errors.Join(err, api.Close())
	}
	return e, nil
}

// endpoint is where an engine is.
type endpoint struct {
	host string // empty for the usual socket
	// certificates is the folder with those that a context of the docker command has; empty for those of the
	// environment, if any.
	certificates string
}

// dial returns a client for the engine. It connects when it is used. An engine that is reached by ssh is served by the
// docker command on its machine.
func dial(at endpoint) (*client.Client, error) {
	options := []client.Opt{at.tls(), client.WithVersionFromEnv(), client.WithAPIVersionNegotiation()}
	tunnel, err := connhelper.GetConnectionHelper(at.host)
	switch {
	case err != nil:
		return nil, err
	case tunnel != nil:
		options = append(options, client.WithHost(tunnel.Host), client.WithDialContext(tunnel.Dialer))
	case at.host != "":
		options = append(options, client.WithHost(at.host))
	}
	return client.NewClientWithOpts(options...)
}

// tls says which certificates are used.
func (at endpoint) tls() client.Opt {
	if at.certificates == "" {
		return client.WithTLSClientConfigFromEnv()
	}
	in := func(name string) string { return filepath.Join(at.certificates, name) }
	return client.WithTLSClientConfig(in("ca.pem"), in("cert.pem"), in("key.pem"))
}

// Close ends the connection.
func (e *Engine) Close() error { return e.api.Close() }

// greet asks for the engine's version.
func (e *Engine) greet(ctx context.Context) error {
	ping, err := e.api.Ping(ctx)
	if err != nil {
		return e.unreachable(ctx, err)
	}
	if ping.APIVersion != "" && older(ping.APIVersion, oldestAPI) {
		return hinted.New(
			fmt.Errorf("the container engine at %s has API %s, and %s is needed", e.host, ping.APIVersion, oldestAPI),
			"update it: Docker 18.09 has that API",
		)
	}
	return nil
}

// unreachable says why an engine does not answer.
func (e *Engine) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	socket, isSocket := strings.CutPrefix(e.host, "unix://")
	_, missing := os.Stat(socket)
	switch {
	case errors.Is(err, os.ErrPermission):
		return hinted.New(
			fmt.Errorf("no permission to use the container engine at %s", e.host),
			"add yourself to the group that owns the socket (often 'docker'), or run as root",
		)
	case isSocket && missing != nil:
		return hinted.New(
			fmt.Errorf("there is no container engine at %s", e.host),
			"start Docker, or set DOCKER_HOST; 'otlpctl image build' with --output oci:DIR or docker-archive:PATH needs none",
		)
	}
	const running = "is it running, and is DOCKER_HOST right?"
	problem := strings.TrimSpace(err.Error())
	switch {
	case strings.HasPrefix(problem, "Cannot connect to the Docker daemon"): // and no more than that
		return hinted.New(fmt.Errorf("the container engine at %s does not answer", e.host), running)
	case strings.Contains(strings.ToLower(problem), "<html"):
		return hinted.New(fmt.Errorf("what answers at %s is no container engine", e.host), "is DOCKER_HOST right?")
	}
	return hinted.New(fmt.Errorf("the container engine at %s does not answer: %s", e.host, problem), running)
}

// findEndpoint returns where the engine is.
func findEndpoint(env func(string) string) (endpoint, error) {
	if host := env(client.EnvOverrideHost); host != "" {
		return endpoint{host: host}, nil
	}
	folder := dockerFolder(env)
	if folder == "" {
		return endpoint{}, nil // whoever has no home has no contexts
	}
	return contextEndpoint(folder, env("DOCKER_CONTEXT"))
}

// dockerFolder returns where the docker command keeps its configuration, or nothing.
func dockerFolder(env func(string) string) string {
	if folder := env("DOCKER_CONFIG"); folder != "" {
		return folder
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".docker")
}
