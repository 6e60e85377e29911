package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// group returns a command that does nothing but hold others. Alone it prints its help. A mistyped
// subcommand is a usage error, which the library reports for the root only: below it, it would
// print help and succeed.
func group(name, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use:                        name,
		Short:                      short,
		Args:                       cobra.ArbitraryArgs, // runHelp judges them
		SuggestionsMinimumDistance: 2,
	}
	cmd.AddCommand(commands...)
	return cmd
}

// noArguments is for commands that take flags only.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("%s takes no arguments, got %q", cmd.CommandPath(), shown(cmd, args[0]))
	return usageError(cmd, hinted.New(err, insteadOf(cmd, shown(cmd, args[0]))))
}

// insteadOf returns which flag has what other programs take as an argument: the name of an object, the number of a
// revision, a configuration file, or what to look for. Empty is none.
func insteadOf(cmd *cobra.Command, arg string) string {
	if _, err := strconv.Atoi(arg); err == nil && cmd.Flags().Lookup("to-revision") != nil {
		return "did you mean --to-revision " + arg + "?"
	}
	kind, name, isObject := strings.Cut(arg, "/")
	isObject = isObject && slices.Contains([]string{"deploy", "deployment", "deployments"}, kind)
	if isObject && cmd.Flags().Lookup("name") != nil {
		return "did you mean --name " + name + "?"
	}
	if slices.Contains([]string{".yaml", ".yml", ".toml"}, filepath.Ext(arg)) && cmd.Flags().Lookup("config") != nil {
		return "did you mean --config " + arg + "?"
	}
	if cmd.Flags().Lookup("attribute") == nil || strings.HasSuffix(arg, "***") {
		return ""
	}
	for _, filter := range []string{"body", "name"} { // what a query of logs, or of metrics, is mostly about
		if cmd.Flags().Lookup(filter) != nil {
			return "did you mean --" + filter + " " + strconv.Quote(arg) + "?"
		}
	}
	return ""
}

// atMostOne is for commands whose only argument may be left out.
func atMostOne(cmd *cobra.Command, args []string) error {
	if len(args) <= 1 {
		return nil
	}
	return usageError(cmd, fmt.Errorf("%s takes one argument at most, got %q as well", cmd.CommandPath(), shown(cmd, args[1])))
}

// shown returns what may be repeated of an argument that has no place: what belongs to --set may
// hold a secret.
func shown(cmd *cobra.Command, arg string) string {
	path, _, assigns := strings.Cut(arg, "=")
	switch {
	case assigns:
		return path + "=***"
	case cmd.Flags().Changed("set"):
		return "***"
	}
	return arg
}

// noAssignments is for arguments that are paths of keys: what follows one, as if it were --set, may
// be a secret and is not repeated.
func noAssignments(cmd *cobra.Command, paths []string, instead string) error {
	for _, p := range paths {
		if path, _, assigns := strings.Cut(p, "="); assigns {
			return usageError(cmd, hinted.New(fmt.Errorf("%s=*** is a path and a value: a path is wanted", path), instead))
		}
	}
	return nil
}

// unknownCommand returns an error if cmd is a group and has arguments left: the first one is the
// name of a command that it does not have.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if !cmd.HasSubCommands() || len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
	near := deeper(cmd, args[0])
	if len(near) == 0 {
		near = cmd.SuggestionsFor(args[0])
	}
	if len(near) == 0 {
		near = above(cmd, args[0])
	}
	if len(near) > 0 {
		err = hinted.New(err, fmt.Sprintf("did you mean %s?", strings.Join(near, " or ")))
	}
	return usageError(cmd, err)
}

// above returns the command of this name that is in no group, and not in that of cmd.
func above(cmd *cobra.Command, name string) []string {
	for _, sub := range cmd.Root().Commands() {
		if sub.Name() == name && sub.IsAvailableCommand() {
			return []string{sub.CommandPath()}
		}
	}
	return nil
}

// deeper returns the commands of this name that are in a group of cmd, which was left out.
func deeper(cmd *cobra.Command, name string) []string {
	var found []string
	for _, group := range cmd.Commands() {
		for _, sub := range group.Commands() {
			if sub.Name() == name {
				found = append(found, group.Name()+" "+name)
			}
		}
	}
	return found
}
