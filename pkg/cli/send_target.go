package cli

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/load"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// sendTarget is where send sends to, and how: first as the command line says it.
type sendTarget struct {
	endpoint    string
	protocol    protocolFlag
	headers     []string
	compression compressionFlag
	timeout     time.Duration
	insecure    bool
	tls         tlsconf.Client

	bySignal map[wire.Signal]load.Target // complete
}

func (t *sendTarget) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var(&t.protocol, "protocol", "grpc, http/protobuf or http/json (default by ENDPOINT)")
	f.StringArrayVarP(&t.headers, "header", "H", nil, "`KEY=VALUE` to send with each request, where ${env:NAME} and ${file:PATH} stand for a secret; may be repeated")
	f.Var(&t.compression, "compression", "none, gzip or zstd (default none)")
	f.DurationVar(&t.timeout, "timeout", sendTimeout, "how long to wait for the answer to a request")
	f.BoolVar(&t.insecure, "insecure", false, "send in plain text, without TLS")
	f.StringVar(&t.tls.CAFile, "ca-file", "", "`file` with the certificate authorities of the other end; the system's by default")
	f.StringVar(&t.tls.CertFile, "cert-file", "", "`file` with the certificate to present, if the other end wants one")
	f.StringVar(&t.tls.KeyFile, "key-file", "", "`file` with the key of --cert-file")
	f.StringVar(&t.tls.ServerName, "server-name", "", "`name` to expect in the certificate of the other end, in place of its host")
	f.BoolVar(&t.tls.InsecureSkipVerify, "insecure-skip-verify", false, "use TLS, but accept any certificate")
	offer(cmd, "protocol", protocolNames()...)
	offer(cmd, "compression", "none", "gzip", "zstd")
	for _, flag := range []string{"ca-file", "cert-file", "key-file"} {
		if err := cmd.MarkFlagFilename(flag, "pem", "crt", "key"); err != nil {
			panic(err) // the flag does not exist
		}
	}
}

// complete finds the target of each signal.
func (t *sendTarget) complete(cmd *cobra.Command, signals []wire.Signal, env func(string) (string, bool)) error {
	if t.timeout <= 0 {
		return fmt.Errorf("--timeout %s: want more than 0", t.timeout)
	}
	headers, err := parseHeaders(t.headers)
	if err != nil {
		return err
	}
	t.bySignal = map[wire.Signal]load.Target{}
	for _, sig := range signals {
		target, err := load.FromEnvironment(env, sig)
		if t.endpoint != "" && target.Endpoint != "" && t.endpoint != target.Endpoint {
			target, err = load.Target{}, nil // it is about another endpoint
		}
		if err != nil {
			return err
		}
		t.override(cmd, &target, headers)
		if err := t.contradiction(&target); err != nil {
			return err
		}
		t.bySignal[sig] = target
	}
	return nil
}

// override puts what the command line says in the place of what the environment does.
func (t *sendTarget) override(cmd *cobra.Command, target *load.Target, headers map[string]string) {
	changed := cmd.Flags().Changed
	if t.endpoint != "" {
		target.Endpoint, target.Exact = t.endpoint, false
	}
	if changed("protocol") {
		target.Protocol = load.Protocol(t.protocol)
	}
	if changed("compression") {
		target.Compression = string(t.compression)
	}
	if changed("timeout") || target.Timeout == 0 {
		target.Timeout = t.timeout
	}
	if changed("insecure") {
		target.Insecure = &t.insecure
	}
	if changed("ca-file") {
		target.TLS.CAFile = t.tls.CAFile
	}
	if changed("cert-file") || changed("key-file") {
		target.TLS.CertFile, target.TLS.KeyFile = t.tls.CertFile, t.tls.KeyFile
	}
	target.TLS.ServerName, target.TLS.InsecureSkipVerify = t.tls.ServerName, t.tls.InsecureSkipVerify
	if len(headers) > 0 {
		all := maps.Clone(target.Headers)
		if all == nil {
			all = map[string]string{}
		}
		maps.Copy(all, headers)
		target.Headers = all
	}
}

// contradiction returns what the command line says for and against TLS.
func (t *sendTarget) contradiction(target *load.Target) error {
	forTLS := t.tls.CAFile != "" || t.tls.CertFile != "" || t.tls.KeyFile != "" || t.tls.ServerName != "" || t.tls.InsecureSkipVerify
	switch {
	case forTLS && t.insecure:
		return errors.New("--insecure is without TLS, for which there are other flags: leave either out")
	case forTLS && target.Plaintext():
		return fmt.Errorf("%s is without TLS, for which there are flags: write https://, or leave those out", target.Name())
	case t.insecure && strings.HasPrefix(target.Endpoint, "https://"):
		return errors.New("--insecure is without TLS, and https:// with it: write http://, or leave --insecure out")
	}
	return nil
}

// parseHeaders reads what -H was given. Errors do not repeat a value.
func parseHeaders(given []string) (map[string]string, error) {
	headers := map[string]string{}
	for _, header := range given {
		name, value, ok := strings.Cut(header, "=")
		if name, _, colon := strings.Cut(header, ":"); !ok && colon { // as curl has it
			return nil, hinted.New(fmt.Errorf("--header %s: has no value", name), "write "+name+"=VALUE")
		}
		if !ok || name == "" {
			return nil, errors.New("--header: want KEY=VALUE")
		}
		value, err := config.Expand(value, os.LookupEnv)
		if err != nil {
			return nil, fmt.Errorf("--header %s: %w", name, err)
		}
		headers[name] = value
	}
	return headers, nil
}

func protocolNames() []string {
	var names []string
	for _, p := range load.Protocols() {
		names = append(names, string(p))
	}
	return names
}

// protocolFlag is the value of --protocol.
type protocolFlag load.Protocol

func (p *protocolFlag) String() string { return string(*p) }

// Type names the value in help texts.
func (*protocolFlag) Type() string { return "protocol" }

// Set accepts the protocols.
func (p *protocolFlag) Set(text string) error {
	protocol, err := load.ParseProtocol(text)
	if err != nil {
		return errors.New("want grpc, http/protobuf or http/json")
	}
	*p = protocolFlag(protocol)
	return nil
}

// compressionFlag is the value of --compression.
type compressionFlag string

func (c *compressionFlag) String() string { return string(*c) }

// Type names the value in help texts.
func (*compressionFlag) Type() string { return "compression" }

// Set accepts the algorithms.
func (c *compressionFlag) Set(text string) error {
	if text != "none" && text != "gzip" && text != "zstd" {
		return errors.New("want none, gzip or zstd")
	}
	*c = compressionFlag(text)
	return nil
}
