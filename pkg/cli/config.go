package cli

import (
	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/term"
)

func newConfig(s term.Streams) *cobra.Command {
	cmd := group("config", "Write, check, read and compare configurations",
		newConfigInit(s),
		newConfigValidate(s),
		newConfigShow(s),
		newConfigExplain(s),
		newConfigDiff(s),
		newConfigSchema(s),
		newConfigEncrypt(s),
		newConfigDecrypt(s),
		newConfigEdit(s),
		newConfigRotate(s),
		newConfigKeygen(s),
	)
	cmd.Example = `  # Begin with a file that explains itself
  otlpctl config init

  # Would it run?
  otlpctl config validate --config otel.yaml

  # Which value holds, and who says so?
  otlpctl config show --origin
  otlpctl config explain server.port`
	return cmd
}
