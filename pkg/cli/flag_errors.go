package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// flagError makes a bad flag a usage error, with what was probably meant. The flags after a mistyped subcommand are
// unknown only because the subcommand is.
func flagError(cmd *cobra.Command, err error) error {
	if unknown := unknownCommand(cmd, cmd.Flags().Args()); unknown != nil {
		return unknown
	}
	if flag, ok := errors.AsType[*pflag.NotExistError](err); ok {
		err = unknownFlag(cmd, flag)
	}
	if value, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		err = invalidValue(value)
	}
	return usageError(cmd, err)
}

// unknownFlag says which flag, or which command, is probably meant.
func unknownFlag(cmd *cobra.Command, err *pflag.NotExistError) error {
	name := err.GetSpecifiedName()
	if cmd.HasSubCommands() {
		return hinted.New(err, takenBy(cmd, name))
	}
	if len(name) == 1 {
		if name[0] >= '0' && name[0] <= '9' {
			return hinted.New(err, "a number below 0 has no place here")
		}
		if name == "f" && cmd.Flags().Lookup("config") != nil { // what kubectl and Helm have for files
			return hinted.New(err, "did you mean --config?")
		}
		return hinted.New(err, calledElsewhere(cmd, name))
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			known = append(known, f.Name)
		}
	})
	if near := config.Nearest(name, known); near != "" {
		return hinted.New(err, "did you mean --"+near+"?")
	}
	return hinted.New(err, calledElsewhere(cmd, name))
}

// calledElsewhere says which flag or argument of cmd is what other programs, or other commands, have as flag name. Empty
// is none.
func calledElsewhere(cmd *cobra.Command, name string) string {
	var ours string
	switch name {
	case "grep", "search", "contains":
		ours = "body"
	case "level":
		ours = "severity"
	case "n", "tail", "head", "max":
		ours = "limit"
	case "db", "dsn", "url":
		ours = "database"
	case "from", "start", "last":
		ours = "since"
	case "to", "end":
		ours = "until"
	case "tag", "label", "filter":
		ours = "attribute"
	}
	if argument := strings.ToUpper(name); len(name) > 1 && slices.Contains(strings.Fields(cmd.Use), "["+argument+"]") {
		return argument + " stands without a flag: " + cmd.CommandPath() + " " + argument
	}
	if ours == "" || cmd.Flags().Lookup(ours) == nil {
		return ""
	}
	return "did you mean --" + ours + "?"
}

// takenBy says which commands of a group have a flag; empty is none, or that group is the root, where many have.
func takenBy(group *cobra.Command, name string) string {
	if !group.HasParent() {
		return ""
	}
	var takers []string
	for _, cmd := range group.Commands() {
		if f := cmd.Flags(); f.Lookup(name) != nil || len(name) == 1 && f.ShorthandLookup(name) != nil {
			takers = append(takers, cmd.CommandPath())
		}
	}
	if len(takers) == 0 {
		return ""
	}
	return "it is a flag of " + strings.Join(takers, " and ")
}

// invalidValue says what a flag takes, where the library tells what a function of Go thinks of the value.
func invalidValue(err *pflag.InvalidValueError) error {
	var want string
	switch typ := err.GetFlag().Value.Type(); {
	case typ == "bool":
		want = "want true or false"
	case typ == "duration" && errorsOfTime(err):
		want = "want a length of time, such as 30s or 5m"
	case errors.Is(err, strconv.ErrSyntax):
		want = "want a whole number"
	case errors.Is(err, strconv.ErrRange):
		want = "the number is out of range"
	default:
		return err
	}
	text := strings.TrimSuffix(err.Error(), errors.Unwrap(err).Error())
	return errors.New(text + want)
}

func errorsOfTime(err error) bool { return strings.HasPrefix(fmt.Sprint(errors.Unwrap(err)), "time: ") }
