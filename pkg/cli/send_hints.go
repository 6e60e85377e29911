package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/load"
	"github.com/otlpctl/otlpctl/receiver/export/otlphttp"
)

// flagWords turns the keys of an exporter's configuration, in which exporters speak, into flags of send.
func flagWords() *strings.Replacer {
	return strings.NewReplacer(
		"set tls.insecure: true (the scheme http:// alone does not)", "give --insecure, or http:// before the endpoint",
		"remove tls.insecure", "write https:// before the endpoint",
		"use the otlphttp exporter", "use --protocol http/protobuf",
		"use the otlp exporter", "use --protocol grpc",
		"set tls.ca_file to", "give --ca-file with",
		"set tls.server_name_override to", "give --server-name with",
		"set tls.cert_file and tls.key_file", "give --cert-file and --key-file",
		"set compression: none", "use --compression none",
		"try encoding: proto and compression: none", "try --protocol http/protobuf and --compression none",
		", or set a lower send_batch_max_size", "",
		"is appended to endpoint, and not to traces_endpoint", "is appended to ENDPOINT",
		"set key_file or key_pem", "give --key-file",
		"set cert_file or cert_pem", "give --cert-file",
		"tls: ca_file: ", "--ca-file: ",
		"tls: cert_file: ", "--cert-file: ",
		"tls: key_file: ", "--key-file: ",
		"tls.", "",
		"headers.", "--header ",
		"endpoint: ", "ENDPOINT ",
	)
}

// inFlags says what is wrong with a target in words of the command line.
func inFlags(err error) error {
	text, hint := hinted.Apart(err)
	return hinted.New(errors.New(flagWords().Replace(text)), flagWords().Replace(hint))
}

// sendProblem returns why a request was not taken, and what to do about it, if that is known.
func sendProblem(err error, target load.Target) (text, hint string) {
	text, hint = hinted.Apart(err)
	switch {
	case strings.Contains(text, "no pipeline takes"): // as a receiver says over either protocol
		return text, "the receiver has no pipeline for this signal: give it one, or say with --signal which others to send"
	case hint == "":
		return text, hintFor(err, text, target)
	}
	return text, flagWords().Replace(hint)
}

// hintFor knows what is no fault of a configuration.
func hintFor(err error, text string, target load.Target) string {
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
	}
	switch {
	case refusesWho(err) && len(target.Headers) == 0:
		return "it wants to know who sends: -H 'authorization=Bearer ${env:TOKEN}'"
	case refusesWho(err):
		return "it does not take the headers for a proof of who sends: is the token right, and has it not expired?"
	case status.Code(err) == codes.Unimplemented:
		return "if this is a port for HTTP (4318), use --protocol http/protobuf"
	case has("HTTP 405"):
		return "this is no port for OTLP: 4317 is gRPC, 4318 is HTTP"
	case has("connection refused"):
		return "nothing listens there: is the receiver running, and the port right? 4317 is gRPC, 4318 is HTTP"
	case has("connect: no such file"):
		return "there is no such socket: is the receiver running?"
	case has("no such host", "produced zero addresses"):
		return "the name of the host is not known: check it, and DNS"
	case errors.Is(err, context.DeadlineExceeded), status.Code(err) == codes.DeadlineExceeded:
		return fmt.Sprintf("nothing answered within %s: check the address, and whether a firewall drops what is sent there; --timeout waits longer", target.Timeout)
	}
	return ""
}

// refusesWho reports whether the other end asks for other credentials.
func refusesWho(err error) bool {
	if answer, ok := errors.AsType[*otlphttp.StatusError](err); ok {
		return answer.Code == http.StatusUnauthorized || answer.Code == http.StatusForbidden
	}
	code := status.Code(err)
	return code == codes.Unauthenticated || code == codes.PermissionDenied
}
