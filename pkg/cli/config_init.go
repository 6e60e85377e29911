package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type configInitOptions struct {
	file  string
	force bool
}

func newConfigInit(s term.Streams) *cobra.Command {
	o := configInitOptions{file: filepath.Join("config", "default.yaml")}
	cmd := &cobra.Command{
		Use:   "init [file]",
		Short: "Write a commented configuration to begin with",
		Long: `Write a commented configuration to begin with: the short form with its defaults, and a
gateway in the long form, commented out. The file is config/default.yaml, which otlpctl
reads by itself, unless another is named; - is standard output.`,
		Example: `  otlpctl config init
  otlpctl config init /etc/otlpctl/config.yaml
  otlpctl config init - | less`,
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.file = args[0]
			}
			if ext := filepath.Ext(o.file); o.file == "" || ext == ".toml" {
				return usageError(cmd, fmt.Errorf("%q: want the name of a YAML file, such as config/default.yaml", o.file))
			}
			return runConfigInit(s, o)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	cmd.Flags().BoolVar(&o.force, "force", false, "overwrite the file if it exists")
	return cmd
}

func runConfigInit(s term.Streams, o configInitOptions) error {
	if o.file == "-" {
		_, err := io.WriteString(s.Out, config.Starter())
		return err
	}
	if err := mayWrite(o.file, o.force); err != nil {
		return err
	}
	if err := writeStarter(config.File{Name: o.file, Data: []byte(config.Starter())}); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(s.Err, "wrote", o.file); err != nil {
		return err
	}
	printHint(s.Err, "run 'otlpctl serve"+elsewhere(o.file)+"' to use it")
	return nil
}

// elsewhere is how a command is told of a file that it does not read by itself.
func elsewhere(file string) string {
	if filepath.Clean(file) == filepath.Join("config", "default.yaml") {
		return ""
	}
	return " --config " + file
}

// mayWrite returns an error if the file is there, or its twin in the other format: the two together
// are refused when they are read.
func mayWrite(file string, force bool) error {
	info, err := os.Stat(file)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("%s is a folder: name a file in it", file)
	case err == nil && !force:
		return hinted.New(fmt.Errorf("%s exists", file), "give --force to overwrite it, or name another file")
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	twin := strings.TrimSuffix(file, filepath.Ext(file)) + ".toml"
	if _, err := os.Stat(twin); err == nil {
		return hinted.New(fmt.Errorf("%s exists, and only one of the two may", twin), "remove it first, or name another file")
	}
	return nil
}

// writeStarter writes a file whole or not at all. One that is there keeps its mode and its owner.
func writeStarter(f config.File) (err error) {
	before, err := os.ReadFile(f.Name)
	if err == nil {
		return config.SaveFile(f, before)
	}
	if err := os.MkdirAll(filepath.Dir(f.Name), 0o755); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(f.Name), "."+filepath.Base(f.Name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary.Name())
		}
	}()
	_, err = temporary.Write(f.Data)
	if err = errors.Join(err, temporary.Chmod(0o644), temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), f.Name)
}
