package cli

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/term"
)

func newCompletion(s term.Streams) *cobra.Command {
	cmd := group("completion", "Print a completion script for a shell",
		newShell(s, "bash", `  # In this shell; the script needs the package bash-completion
  source <(otlpctl completion bash)

  # In every shell from now on
  otlpctl completion bash >/etc/bash_completion.d/otlpctl`,
			func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) }),
		newShell(s, "zsh", `  # In this shell
  source <(otlpctl completion zsh)

  # In every shell from now on
  otlpctl completion zsh >"${fpath[1]}/_otlpctl"`,
			(*cobra.Command).GenZshCompletion),
		newShell(s, "fish", `  # In every shell from now on
  otlpctl completion fish >~/.config/fish/completions/otlpctl.fish`,
			func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) }),
		newShell(s, "powershell", `  # In this shell; add the line to $PROFILE for every shell from now on
  otlpctl completion powershell | Out-String | Invoke-Expression`,
			(*cobra.Command).GenPowerShellCompletionWithDesc),
	)
	cmd.Example = `  source <(otlpctl completion bash)`
	return cmd
}

// newShell returns the command that prints the script of one shell.
func newShell(s term.Streams, shell, example string, write func(*cobra.Command, io.Writer) error) *cobra.Command {
	return &cobra.Command{
		Use:     shell,
		Short:   "Print the completion script for " + shell,
		Example: example,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return write(cmd.Root(), s.Out) },
	}
}
