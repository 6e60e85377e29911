package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// The minor versions of Kubernetes 1 that otlpctl is tested with.
const (
	oldestMinor = 34
	newestMinor = 36
)

// Check finds what would keep a set from being deployed, before anything is planned. What is
// only likely to is among the warnings. Of the image only CheckImage knows.
func (c *Client) Check(ctx context.Context, s Set) (warnings []string, err error) {
	version, err := c.Version(ctx)
	if err != nil {
		return nil, err
	}
	warnings = append(warnings, versionDoubt(version)...)
	if _, err := c.isHomeless(ctx, s); err != nil {
		return warnings, err
	}
	var short []string
	err = together([]func() error{
		func() error { return c.checkAccess(ctx, s) },
		func() (err error) { short, err = c.checkQuota(ctx, s); return err },
	}, func(_ int, check func() error) error { return check() })
	return append(warnings, short...), err
}

// Version returns the version of the cluster, such as v1.36.3. It is the first thing to ask: what is
// wrong with the way to the cluster shows here.
func (c *Client) Version(ctx context.Context) (string, error) {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	answer, err := c.Get(ctx, "/version", nil)
	if err != nil {
		return "", c.strange(err)
	}
	var version struct {
		GitVersion string `json:"gitVersion"`
	}
	err = json.NewDecoder(answer).Decode(&version)
	if err := errors.Join(err, answer.Close()); err != nil {
		return "", c.noServer(err)
	}
	return version.GitVersion, nil
}

// strange names the server in an answer to the first question that says nothing about who has given it.
func (c *Client) strange(err error) error {
	_, ok := errors.AsType[*apierrors.StatusError](err)
	switch {
	case !ok || apierrors.IsUnauthorized(err):
		return err
	case apierrors.IsNotFound(err):
		return c.noServer(err)
	}
	return fmt.Errorf("the API server %s: %w", c.Server, err)
}

// noServer says that something else than an API server has answered.
func (c *Client) noServer(err error) error {
	return hinted.New(fmt.Errorf("%s does not answer as an API server does: %w", c.Server, err), "is "+c.context()+" the right one?")
}

// versionDoubt says that a cluster is older or newer than those that are known.
func versionDoubt(version string) []string {
	found := regexp.MustCompile(`^v(\d+)\.(\d+)`).FindStringSubmatch(version)
	if found == nil {
		return nil
	}
	minor, err := strconv.Atoi(found[2])
	if found[1] == "1" && err == nil && minor >= oldestMinor && minor <= newestMinor {
		return nil
	}
	return []string{fmt.Sprintf("the cluster has Kubernetes %s: otlpctl is tested with 1.%d to 1.%d", version, oldestMinor, newestMinor)}
}
