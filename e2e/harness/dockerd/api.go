package dockerd

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
)

// Call sends a request to the engine's API and decodes its answer. body is sent as JSON unless it is an io.Reader, which
// is sent as a tar archive; into may be nil, or a *string for an answer that is not JSON.
func (e *Engine) Call(ctx context.Context, method, path string, body, into any) error {
	content, kind := io.Reader(nil), ""
	switch body := body.(type) {
	case nil:
	case io.Reader:
		content, kind = body, "application/x-tar"
	default:
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content, kind = bytes.NewReader(text), "application/json"
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://engine"+path, content)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", kind)
	response, err := e.http().Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return err
	case response.StatusCode >= http.StatusBadRequest:
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, bytes.TrimSpace(answer))
	}
	switch into := into.(type) {
	case nil:
		return nil
	case *string:
		*into = string(answer)
		return nil
	default:
		return json.Unmarshal(answer, into)
	}
}

func (e *Engine) http() *http.Client {
	var dialer net.Dialer
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", e.socket())
		},
	}}
}

// Import makes an image of one layer from a tar archive. Changes are lines of a Dockerfile, such as `USER 1000`.
func (e *Engine) Import(ctx context.Context, ref string, archive io.Reader, changes ...string) error {
	repository, tag := split(ref)
	q := url.Values{"fromSrc": {"-"}, "repo": {repository}, "tag": {tag}, "changes": changes}
	return e.stream(ctx, "/images/create?"+q.Encode(), archive)
}

// Load loads an archive as docker save writes it.
func (e *Engine) Load(ctx context.Context, archive io.Reader) error {
	return e.stream(ctx, "/images/load?quiet=1", archive)
}

// stream is Call for answers that are a stream, in which a failure comes after the status.
func (e *Engine) stream(ctx context.Context, path string, archive io.Reader) error {
	var answer string
	if err := e.Call(ctx, http.MethodPost, path, archive, &answer); err != nil {
		return err
	}
	for line := range strings.Lines(answer) {
		var message struct{ Error string }
		if err := json.Unmarshal([]byte(line), &message); err == nil && message.Error != "" {
			return errors.New(message.Error)
		}
	}
	return nil
}

// split parts the name of an image from its tag.
func split(ref string) (repository, tag string) {
	if i := strings.LastIndexByte(ref, ':'); i > strings.LastIndexByte(ref, '/') {
		return ref[:i], ref[i+1:]
	}
	return ref, "latest"
}

// ImportBusybox makes an image with a static busybox as its shell and its usual commands.
func (e *Engine) ImportBusybox(ctx context.Context, ref string) error {
	path, err := exec.LookPath("busybox")
	if err != nil {
		return fmt.Errorf("%w (Debian: busybox-static)", err)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	names, err := exec.CommandContext(ctx, path, "--list").Output()
	if err != nil {
		return err
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	write := func(h *tar.Header, content []byte) {
		h.Size = int64(len(content))
		err = errors.Join(err, w.WriteHeader(h))
		_, writeErr := w.Write(content)
		err = errors.Join(err, writeErr)
	}
	for dir, mode := range map[string]int64{"bin/": 0o755, "etc/": 0o755, "tmp/": 0o1777} {
		write(&tar.Header{Name: dir, Typeflag: tar.TypeDir, Mode: mode}, nil)
	}
	write(&tar.Header{Name: "etc/passwd", Mode: 0o644}, []byte("root:x:0:0:root:/:/bin/sh\n"))
	write(&tar.Header{Name: "bin/busybox", Mode: 0o755}, program)
	for name := range strings.FieldsSeq(string(names)) {
		if name != "busybox" {
			write(&tar.Header{Name: "bin/" + name, Typeflag: tar.TypeSymlink, Linkname: "busybox", Mode: 0o777}, nil)
		}
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	return e.Import(ctx, ref, &archive, "ENV PATH=/bin", `CMD ["sh"]`)
}

// removeContainers removes all containers, running or not, with their anonymous volumes.
func (e *Engine) removeContainers(ctx context.Context) error {
	var all []struct{ ID string }
	if err := e.Call(ctx, http.MethodGet, "/containers/json?all=1", nil, &all); err != nil {
		return err
	}
	var faults []error
	for _, c := range all {
		faults = append(faults, e.Call(ctx, http.MethodDelete, "/containers/"+c.ID+"?force=1&v=1", nil, nil))
	}
	return errors.Join(faults...)
}
