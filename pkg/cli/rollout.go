package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/term"
)

func newRollout(s term.Streams) *cobra.Command {
	return group("rollout", "Watch, undo and steer what is rolled out in a Kubernetes cluster",
		newRolloutStatus(s),
		newRolloutHistory(s),
		newRolloutUndo(s),
		newRolloutImage(s),
		newRolloutRestart(s),
		newRolloutPause(s),
		newRolloutResume(s),
	)
}

// revisionFlag adds a flag whose value is the number of a revision; 0 is none.
func revisionFlag(cmd *cobra.Command, o *targetOptions, value *int, name, usage string) {
	cmd.Flags().IntVar(value, name, 0, usage)
	complete := func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return o.revisions(cmd.Context()), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
	if err := cmd.RegisterFlagCompletionFunc(name, complete); err != nil {
		panic(err) // the flag does not exist
	}
}

// revisions returns the numbers of the revisions, the latest first, with what they are.
func (o targetOptions) revisions(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, completionTime)
	defer cancel()
	c, t, err := o.open()
	if err != nil {
		return nil
	}
	all, err := c.Revisions(ctx, t)
	if err != nil {
		return nil
	}
	lines := make([]string, len(all))
	for i, r := range all {
		lines[len(all)-1-i] = strconv.Itoa(r.Number) + "\t" + r.Image + ", " + r.Time.Local().Format(time.DateTime)
	}
	return lines
}

// checkRevision finds a number that no revision can have.
func checkRevision(name string, number int) error {
	if number < 0 {
		return fmt.Errorf("--%s %d: want the number of a revision", name, number)
	}
	return nil
}

// waitOptions are the flags of commands that wait for pods.
type waitOptions struct {
	wait    bool
	noWait  bool
	timeout time.Duration
}

func waitFlags(cmd *cobra.Command, o *waitOptions) {
	cmd.Flags().DurationVar(&o.timeout, "timeout", rolloutTimeout, "how long the pods may take to become ready")
	cmd.Flags().BoolVar(&o.wait, "wait", true, "wait until the pods are ready")
	cmd.Flags().BoolVar(&o.noWait, "no-wait", false, "do not wait for the pods")
}

// check finds flags that are wrong or contradict each other.
func (o *waitOptions) check(cmd *cobra.Command) error {
	contradicts := cmd.Flags().Changed("wait") && o.wait && o.noWait
	o.wait = o.wait && !o.noWait
	switch {
	case contradicts:
		return usageError(cmd, errors.New("--wait and --no-wait contradict each other"))
	case o.timeout <= 0:
		return usageError(cmd, fmt.Errorf("--timeout %s: want more than 0", o.timeout))
	}
	return nil
}
