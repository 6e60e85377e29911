package cli

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// startReceiver starts "otlpctl serve" with a configuration for the rest of a script, which finds where it listens in
// GRPC and HTTP: receiver otel.yaml.
func startReceiver(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: receiver config")
	}
	self, err := os.Executable()
	ts.Check(err)
	name, value := quickExit()
	serve := exec.Cmd{
		Path: self, Args: []string{"otlpctl", "serve", "--config", args[0]}, //nolint:gosec // G204: this very program
		Dir: ts.Getenv("WORK"), Env: append(os.Environ(), name+"="+value),
	}
	stderr, err := serve.StderrPipe()
	ts.Check(err)
	ts.Check(serve.Start())
	ts.Defer(func() {
		_ = serve.Process.Kill()
		_ = serve.Wait()
	})
	log := bufio.NewScanner(stderr)
	for log.Scan() {
		var line struct{ Msg, Protocol, Address string }
		if json.Unmarshal(log.Bytes(), &line) != nil {
			ts.Fatalf("the receiver says %s", log.Text())
		}
		switch line.Msg {
		case "listening":
			ts.Setenv(strings.ToUpper(line.Protocol), line.Address)
		case "ready":
			return
		}
	}
	ts.Fatalf("the receiver has ended before it was ready")
}
