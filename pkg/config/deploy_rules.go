package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Validate checks what concerns several keys of the section deploy.
func (c *Deploy) Validate() error {
	return errors.Join(c.validateBudget(), c.validateData(), c.validateNames())
}

// validateBudget refuses a budget that lets no pod be evicted: nodes could not be drained.
func (c *Deploy) validateBudget() error {
	b, pods := c.DisruptionBudget, c.LeastReplicas()
	if !b.Enabled {
		return nil
	}
	const hint = "leave room for one pod, or set deploy.disruption_budget.enabled: false"
	switch key, text := b.bound(); key {
	case "":
		return placeError{"disruption_budget", "has neither min_available nor max_unavailable", "set one of them, or enabled: false"}
	case "min_available":
		if least, err := share(text, pods); err == nil && pods > 0 && least >= pods {
			return placeError{"disruption_budget." + key, fmt.Sprintf("%s of %d pods lets none be evicted, and nodes cannot be drained", text, pods), hint}
		}
	default:
		if most, err := share(text, pods); err == nil && most == 0 && pods > 0 {
			return placeError{"disruption_budget." + key, text + " lets no pod be evicted, and nodes cannot be drained", hint}
		}
	}
	return nil
}

// bound returns the key of the bound that holds, and its text.
func (c *DisruptionBudget) bound() (key, text string) {
	switch {
	case c.MinAvailable != "":
		return "min_available", c.MinAvailable
	case c.MaxUnavailable != "":
		return "max_unavailable", c.MaxUnavailable
	}
	return "", ""
}

// Validate checks the bounds.
func (c *DisruptionBudget) Validate() error {
	return errors.Join(amount("min_available", c.MinAvailable, true), amount("max_unavailable", c.MaxUnavailable, true))
}

// validateData refuses one volume for several pods: each of them would take it for its own.
func (c *Deploy) validateData() error {
	d := c.Data
	switch {
	case d.Claim == "":
		return nil
	case d.StorageClass != "":
		return placeError{"data.storage_class", "goes with a volume for each pod, and deploy.data.claim is one for all", "set one of the two"}
	case c.Autoscaling.Enabled || c.Replicas > 1:
		return placeError{
			"data.claim", "several pods would write to one volume",
			"set deploy.data.storage_class for a volume each, or run one pod: deploy.replicas: 1 and deploy.autoscaling.enabled: false",
		}
	case c.Strategy.Type != "Recreate":
		return placeError{"data.claim", "an update would start the new pod while the old one has the volume", "set deploy.strategy.type: Recreate"}
	}
	return nil
}

func (c *Deploy) validateNames() error {
	var errs []error
	for _, required := range []struct{ key, text string }{{"name", c.Name}, {"namespace", c.Namespace}, {"image", c.Image}} {
		if required.text == "" {
			errs = append(errs, placeError{required.key, "must not be empty", ""})
		}
	}
	return errors.Join(errs...)
}

// Validate checks what concerns several keys.
func (c *Autoscaling) Validate() error {
	switch {
	case !c.Enabled:
		return nil
	case c.MinReplicas > c.MaxReplicas:
		return placeError{"min_replicas", fmt.Sprintf("%d is above max_replicas %d", c.MinReplicas, c.MaxReplicas), "raise deploy.autoscaling.max_replicas"}
	case c.CPUUtilization == 0 && c.MemoryUtilization == 0:
		return placeError{"cpu_utilization", "is 0 and so is memory_utilization: there is nothing to follow", "set one of them, or enabled: false"}
	}
	return nil
}

// Validate checks the two amounts, of which one must allow a step.
func (c *Strategy) Validate() error {
	err := errors.Join(amount("max_unavailable", c.MaxUnavailable, false), amount("max_surge", c.MaxSurge, false))
	if err != nil || c.Type != "RollingUpdate" {
		return err
	}
	if isNothing(c.MaxUnavailable) && isNothing(c.MaxSurge) {
		return placeError{"max_unavailable", c.MaxUnavailable + " and max_surge " + c.MaxSurge + " let no pod be replaced", "raise one of them"}
	}
	return nil
}

// Validate asks for the hosts.
func (c *Ingress) Validate() error {
	if c.Host == "" && c.GRPCHost == "" {
		return placeError{"host", "is empty and so is grpc_host: there is nothing to route", "set one of them"}
	}
	return nil
}

// Validate asks for the Gateway and the hosts, of which each belongs to one kind of route: a
// Gateway accepts one of two that share a host.
func (c *Gateway) Validate() error {
	var errs []error
	if c.Name == "" {
		errs = append(errs, placeError{"name", "must be the name of a Gateway", ""})
	}
	if len(c.Hostnames)+len(c.GRPCHostnames) == 0 {
		errs = append(errs, placeError{"hostnames", "has none and nor has grpc_hostnames: there is nothing to route", "set one of them"})
	}
	for i, host := range c.GRPCHostnames {
		if slices.Contains(c.Hostnames, host) {
			errs = append(errs, placeError{"grpc_hostnames[" + decimal(i) + "]", host + " is one of hostnames too", "give gRPC a host name of its own"})
		}
	}
	return errors.Join(errs...)
}

// amount checks a number of pods or a percentage of them.
func amount(key, text string, optional bool) error {
	if text == "" && optional {
		return nil
	}
	if _, err := share(text, 1); err != nil {
		return placeError{key, strconv.Quote(text) + " is no number of pods and no percentage", "write 1 or 25%"}
	}
	return nil
}

func isNothing(text string) bool {
	n, err := strconv.Atoi(strings.TrimSuffix(text, "%"))
	return err == nil && n == 0
}

// share returns what a number or a percentage is of so many pods, rounded up as Kubernetes does
// for budgets.
func share(text string, of int) (int, error) {
	digits, percent := strings.CutSuffix(text, "%")
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil {
		return 0, err
	}
	if percent {
		if n > 100 {
			return 0, strconv.ErrRange
		}
		return (int(n)*of + 99) / 100, nil
	}
	return int(n), nil
}
