package engine

import (
	"context"
	"maps"
	"os/exec"
	"strings"
)

// stamped returns build arguments that include the version, commit and date of the source, as far as
// it is a Git repository and git is installed. Those that are given stand.
func stamped(ctx context.Context, folder string, given map[string]string) map[string]string {
	args := map[string]string{}
	for name, command := range map[string][]string{
		"VERSION": {"describe", "--tags", "--dirty"},
		"COMMIT":  {"rev-parse", "HEAD"},
		"DATE":    {"show", "--no-patch", "--format=%cI", "HEAD"},
	} {
		git := exec.CommandContext(ctx, "git", append([]string{"-C", folder}, command...)...) //nolint:gosec // the folder that the user names
		if out, err := git.Output(); err == nil {
			args[name] = strings.TrimSpace(string(out))
		}
	}
	maps.Copy(args, given)
	return args
}
