package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/image/oci"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/templates"
)

// bakedConfig is the configuration in an image.
type bakedConfig struct {
	content []byte
	ports   []string
}

// bake returns the configuration to bake in, once a program that goes into the image has found it valid.
func (o *imageBuildOptions) bake(ctx context.Context, s term.Streams, programs []oci.Program) (bakedConfig, error) {
	if o.config == "" {
		return bakedConfig{[]byte(templates.Config()), image.Ports()}, nil
	}
	file, err := o.configFile()
	if err != nil {
		return bakedConfig{}, err
	}
	if o.binary == "" && o.binaries == "" {
		_, err = config.LoadWritten([]config.File{file}, nil)
	} else {
		err = askProgram(ctx, s, programs, file)
	}
	if err != nil {
		return bakedConfig{}, err
	}
	return bakedConfig{file.Data, portsOf(file)}, warnOfSecrets(s, file)
}

// configFile reads --config.
func (o *imageBuildOptions) configFile() (config.File, error) {
	if filepath.Ext(o.config) == ".toml" {
		return config.File{}, coded{hinted.New(
			fmt.Errorf("--config %s: the image has its configuration at %s, and that is YAML", o.config, image.ConfigPath),
			"write it as YAML or JSON",
		), exitUsage}
	}
	files, err := config.ReadFiles([]string{o.config})
	if err != nil {
		return config.File{}, err
	}
	return files[0], nil
}

// portsOf returns what a configuration listens on for others, as an image exposes it. A port that is only
// known where it runs is left out. If only another otlpctl understands the configuration, they are the usual
// ones.
func portsOf(file config.File) []string {
	loaded, err := config.LoadWritten([]config.File{file}, nil)
	if err != nil {
		return image.Ports()
	}
	listeners, _ := loaded.Listeners()
	var numbers []int
	for _, l := range listeners {
		if !l.IsLoopback() {
			numbers = append(numbers, l.Port)
		}
	}
	slices.Sort(numbers)
	var ports []string
	for _, n := range slices.Compact(numbers) {
		ports = append(ports, strconv.Itoa(n)+"/tcp")
	}
	return ports
}

// warnOfSecrets names the secrets that everybody could read who gets the image.
func warnOfSecrets(s term.Streams, file config.File) error {
	text, err := config.ParseText(file)
	if err != nil {
		return err
	}
	plain, _ := text.Secrets()
	if len(plain) == 0 {
		return nil
	}
	_, err = fmt.Fprintf(s.Err, "%s %s has secrets that whoever gets the image can read: %s\n",
		s.Err.Paint(term.Warn, "warning:"), file.Name, strings.Join(plain, ", "))
	printHint(s.Err, "'otlpctl config encrypt' encrypts them in the file, and ${env:NAME} leaves them to the environment")
	return err
}

// invalidInImage is the error for a configuration that the program in the image finds faults in.
func invalidInImage(findings config.Errors) error {
	if len(findings) == 0 {
		return coded{errors.New("the program for the image finds the configuration invalid, and does not say why"), exitUsage}
	}
	return findings
}
