package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/image/oci"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// askProgram has a program for the image check the configuration: the one that runs on this machine. If
// none does, or it is too old to, this program checks it, and says so.
func askProgram(ctx context.Context, s term.Streams, programs []oci.Program, file config.File) error {
	host := runtime.GOOS + "/" + runtime.GOARCH
	at := slices.IndexFunc(programs, func(p oci.Program) bool { return p.Platform.String() == host })
	if at >= 0 {
		answer, err := runProgram(ctx, programs[at], file)
		if err == nil {
			return answer.err()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	_, err := fmt.Fprintf(s.Err, "note: the program for the image does not run here, or cannot check a configuration: this one checks %s\n", file.Name)
	if err != nil {
		return err
	}
	_, err = config.LoadWritten([]config.File{file}, nil)
	return err
}

// programVerdict is what config validate -o json prints.
type programVerdict struct {
	Valid    *bool         `json:"valid"`
	Findings config.Errors `json:"findings"`
}

func (v programVerdict) err() error {
	if *v.Valid {
		return nil
	}
	return invalidInImage(v.Findings)
}

// runProgram runs the very bytes that go into the image. An error is that there is no verdict.
func runProgram(ctx context.Context, p oci.Program, file config.File) (_ programVerdict, err error) {
	folder, err := os.MkdirTemp("", "otlpctl-*")
	if err != nil {
		return programVerdict{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	program := filepath.Join(folder, "otlpctl")
	if err := os.WriteFile(program, p.Data, 0o700); err != nil { //nolint:gosec // it is to be run
		return programVerdict{}, err
	}
	cmd := exec.CommandContext(ctx, program, "config", "validate", "--as-written", "--config", file.Name, "-o", "json") //nolint:gosec // the user named it
	var out bytes.Buffer
	cmd.Stdout = &out
	runErr := cmd.Run() // says no more than the document
	var v programVerdict
	if err := json.Unmarshal(out.Bytes(), &v); err != nil || v.Valid == nil {
		return programVerdict{}, errors.Join(errors.New("no verdict"), runErr, err)
	}
	return v, nil
}
