package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/engine"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type deleteDockerOptions struct {
	name    string
	volumes bool
	yes     bool
	format  output.Format
}

func newDeleteDocker(s term.Streams) *cobra.Command {
	var o deleteDockerOptions
	cmd := &cobra.Command{
		Use:   "docker",
		Short: "Remove the container of deploy docker",
		Long: `Stop the container in the time that its configuration asks for, and remove it. The volume with
its data stays unless --volumes removes it too. A container or volume that otlpctl has not made
is not touched, and none at all is fine.`,
		Example: `  otlpctl delete docker
  otlpctl delete docker --name gateway --volumes --yes`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkName(o.name); err != nil {
				return usageError(cmd, err)
			}
			return runDeleteDocker(cmd.Context(), cmd, s, o)
		},
	}
	nameFlag(cmd, &o.name)
	cmd.Flags().BoolVar(&o.volumes, "volumes", false, "remove the volume with the data too")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	formatFlag(cmd, &o.format)
	return cmd
}

// deletion is the document of delete docker. The names of its fields are API.
type deletion struct {
	Name    string          `json:"name"`
	Objects []engine.Object `json:"objects"`
}

func runDeleteDocker(ctx context.Context, cmd *cobra.Command, s term.Streams, o deleteDockerOptions) (err error) {
	if err := askable(cmd, s, o.yes); err != nil {
		return err
	}
	e, err := engine.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	objects, err := e.Deployed(ctx, o.name)
	if err != nil {
		return err
	}
	if doomed := o.doomed(objects); len(doomed) > 0 && !o.yes {
		if err := confirm(ctx, s, "delete "+strings.Join(doomed, ", ")+"? [y/N]"); err != nil {
			return err
		}
	}
	say := func(step string) { _, _ = fmt.Fprintln(s.Err, step) }
	done := deletion{Name: o.name}
	if done.Objects, err = e.Delete(ctx, objects, o.volumes, say); err != nil {
		return err
	}
	if !slices.ContainsFunc(objects, func(o engine.Object) bool { return !o.Keeps() }) {
		say("container/" + o.name + " not found")
	}
	return o.format.Write(s.Out, done, func(r *output.Rows) {
		for _, object := range done.Objects {
			r.Add(object.String(), string(object.Action))
		}
	})
}

// doomed returns the names of what is to be deleted.
func (o deleteDockerOptions) doomed(objects []engine.Object) []string {
	var names []string
	for _, object := range objects {
		if !object.Keeps() || o.volumes && !object.Foreign() {
			names = append(names, object.String())
		}
	}
	return names
}

// askable returns an error if what destroys is to ask first, and nobody is there.
func askable(cmd *cobra.Command, s term.Streams, yes bool) error {
	if yes || s.Asks() {
		return nil
	}
	return usageError(cmd, errors.New("nobody is there to confirm: --yes says that it is meant"))
}

// confirm asks for a yes.
func confirm(ctx context.Context, s term.Streams, question string) error {
	answer, err := s.Ask(ctx, question)
	if err != nil {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errors.New("nothing was deleted: the answer was not yes")
}
