package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/docker/docker/client"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// InvalidConfigError says that the configuration to bake in is invalid, as the code that was built
// finds. Its report is in the log of the step.
type InvalidConfigError struct{ error }

// Unwrap returns what the engine said.
func (e *InvalidConfigError) Unwrap() error { return e.error }

// explainBuild adds the next step to the error of a build.
func (e *Engine) explainBuild(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("the build was stopped: %w", ctx.Err())
	}
	if fault, ok := errors.AsType[*contextError](err); ok {
		return fault // of this machine, not of the engine
	}
	if refused, ok := errors.AsType[*refusedError](err); ok {
		if client.IsErrConnectionFailed(err) {
			return e.unreachable(ctx, err)
		}
		err = fmt.Errorf("the container engine refused the build: %s", plainProblem(refused.Error()))
	}
	if step, ok := errors.AsType[*stepError](err); ok && strings.Contains(step.step, "config validate") && step.problem == "exit code 2" {
		return &InvalidConfigError{errors.New("the configuration is invalid: nothing was built")}
	}
	if hint := buildHint(err.Error()); hint != "" {
		return hinted.New(err, hint)
	}
	return err
}

// buildHint returns what to do about a problem that an engine tells, or nothing. Engines have no
// codes for them.
func buildHint(problem string) string {
	problem = strings.ToLower(problem)
	for _, known := range buildHints() {
		for _, sign := range known.signs {
			if strings.Contains(problem, sign) {
				return known.hint
			}
		}
	}
	return ""
}

type knownHint struct {
	signs []string // in lower case
	hint  string
}

// buildHints lists the hints, the more certain ones first.
func buildHints() []knownHint {
	return []knownHint{
		{
			[]string{"no space left on device"},
			"the engine's disk is full: 'docker system df' says of what, and 'docker builder prune' makes room",
		},
		{
			[]string{"no active sessions", "401 unauthorized", "no basic auth credentials", "unauthorized", "pull access denied", "authentication required", "authorization failed"},
			"a base image needs a login: 'docker login REGISTRY' keeps it where the build finds it; " + otherBase,
		},
		{
			[]string{"no such host", "i/o timeout", "connection refused", "network is unreachable", "tls handshake timeout", "request canceled while waiting for connection"},
			"the engine does not reach the registry or proxy: is it online? " + otherBase,
		},
		{
			[]string{"manifest unknown", "name unknown", ": not found", "no match for platform", "no matching manifest"},
			"there is no such base image, or not for this platform: " + otherBase,
		},
		{
			[]string{"dockerfile parse error", "unknown instruction", "unknown flag", "requires buildkit"},
			"the engine's builder does not understand the Dockerfile: update it, or use --builder oci",
		},
		{
			[]string{"exec format error"},
			"the image with the Go toolchain is for another kind of machine: name one with --build-arg GO_IMAGE=…",
		},
		{
			[]string{"permission denied"},
			"the engine or a command in the build lacks a permission; the log of the step says which",
		},
	}
}

const otherBase = "--build-arg GO_IMAGE=…, BASE=… and DEV_BASE=… name other images"
