package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/image/oci"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver"
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
		return config.File{}, coded{hinted{
			fmt.Errorf("--config %s: the image has its configuration at %s, and that is YAML", o.config, image.ConfigPath),
			"write it as YAML or JSON",
		}, exitUsage}
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
	shown := loaded.Show() // endpoints as they are written: the configuration itself has defaults for references
	var numbers []int
	for path := range listenPaths(loaded.Config) {
		endpoint := shown.Find(path).Text()
		colon := strings.LastIndexByte(endpoint, ':') // there may be others, in a reference
		port, err := strconv.ParseUint(endpoint[colon+1:], 10, 16)
		if err == nil && port > 0 && !isOnlyHere(endpoint[:max(colon, 0)]) {
			numbers = append(numbers, int(port))
		}
	}
	slices.Sort(numbers)
	var ports []string
	for _, n := range slices.Compact(numbers) {
		ports = append(ports, strconv.Itoa(n)+"/tcp")
	}
	return ports
}

// isOnlyHere reports whether nobody outside of the container reaches a host that a receiver listens on.
func isOnlyHere(host string) bool {
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// listenPaths returns the addresses that a receiver listens on over TCP, by the paths of their keys.
func listenPaths(c receiver.Config) map[string]string {
	all := map[string]string{"admin.endpoint": c.Admin.Endpoint}
	for id, r := range c.Receivers {
		protocols := "receivers." + string(id) + ".protocols."
		if grpc := r.Protocols.GRPC; grpc != nil && grpc.Transport != "unix" {
			all[protocols+"grpc.endpoint"] = grpc.Endpoint
		}
		if http := r.Protocols.HTTP; http != nil && http.Transport != "unix" {
			all[protocols+"http.endpoint"] = http.Endpoint
		}
	}
	return all
}

// endpoints returns the addresses that a receiver listens on over TCP.
func endpoints(c receiver.Config) []string { return slices.Sorted(maps.Values(listenPaths(c))) }

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
