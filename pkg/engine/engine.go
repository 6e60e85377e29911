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

	"github.com/docker/docker/client"
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
	host, err := findHost(os.Getenv)
	if err != nil {
		return nil, err
	}
	options := []client.Opt{client.WithTLSClientConfigFromEnv(), client.WithVersionFromEnv(), client.WithAPIVersionNegotiation()}
	if host != "" {
		options = append(options, client.WithHost(host))
	}
	api, err := client.NewClientWithOpts(options...)
	if err != nil {
		return nil, fmt.Errorf("container engine at %s: %w", cmp.Or(host, client.DefaultDockerHost), err)
	}
	e := &Engine{api: api, host: api.DaemonHost()}
	if err := e.greet(ctx); err != nil {
		return nil, errors.Join(err, api.Close())
	}
	return e, nil
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
		return &unusableError{
			fmt.Errorf("the container engine at %s has API %s, and %s is needed", e.host, ping.APIVersion, oldestAPI),
			"update it: Docker 18.09 has that API",
		}
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
		return &unusableError{
			fmt.Errorf("no permission to use the container engine at %s", e.host),
			"add yourself to the group that owns the socket (often 'docker'), or run as root",
		}
	case isSocket && missing != nil:
		return &unusableError{
			fmt.Errorf("there is no container engine at %s", e.host),
			"start Docker, or set DOCKER_HOST; 'otlpctl image build' with --output oci:DIR or docker-archive:PATH needs none",
		}
	}
	return &unusableError{
		fmt.Errorf("the container engine at %s does not answer: %w", e.host, err),
		"is it running, and is DOCKER_HOST right?",
	}
}

// unusableError says why an engine cannot be used, and what to do.
type unusableError struct {
	error
	hint string
}

func (e *unusableError) Unwrap() error { return e.error }

// Hint returns the next step.
func (e *unusableError) Hint() string { return e.hint }

// findHost returns the address of the engine, or nothing for the usual one.
func findHost(env func(string) string) (string, error) {
	if host := env(client.EnvOverrideHost); host != "" {
		return host, nil
	}
	folder := dockerFolder(env)
	if folder == "" {
		return "", nil // whoever has no home has no contexts
	}
	return contextHost(folder, env("DOCKER_CONTEXT"))
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
