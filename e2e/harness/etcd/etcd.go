// Package etcd runs a real etcd of one member for the tests: the one of Debian.
package etcd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/programs"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const (
	startLimit = time.Minute // for machines that do much else at the same time
	killGrace  = time.Second
	tailBytes  = 4 << 10
)

// Member is an etcd. It is at the same address as long as it lives, and keeps its entries when it is halted.
type Member struct {
	dir           string
	clients, peer string // host:port
	process       *process.Process
}

// Own starts an etcd for one test. Where there can be none the test is skipped, or fails: see programs.Need.
func Own(t testing.TB) *Member {
	t.Helper()
	programs.Need(t, func(context.Context) (string, error) {
		path, err := exec.LookPath("etcd")
		if err != nil {
			err = fmt.Errorf("%w (Debian: etcd-server)", err)
		}
		return path, err
	})
	addrs, err := loopback.Addrs(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	m := &Member{dir: t.TempDir(), clients: addrs[0], peer: addrs[1]}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("etcd:\n%s", m.process.Tail(tailBytes))
		}
		if err := m.Halt(); err != nil {
			t.Error(err)
		}
	})
	if err := m.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m
}

// Resume starts an etcd again that was halted.
func (m *Member) Resume(ctx context.Context) error {
	clients, peer := "http://"+m.clients, "http://"+m.peer
	var err error
	m.process, err = process.Start(context.WithoutCancel(ctx), process.Spec{
		Name: "etcd", Path: "etcd", Dir: m.dir, Grace: killGrace,
		Args: []string{
			"--name=test", "--data-dir=" + filepath.Join(m.dir, "data"), "--listen-client-urls=" + clients, "--advertise-client-urls=" + clients,
			"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=test=" + peer, "--unsafe-no-fsync", "--log-level=warn",
		},
	})
	if err != nil {
		return err
	}
	return wait.Until(ctx, startLimit, "etcd to answer", func() (bool, error) {
		if !m.process.Running() {
			return false, &process.EndedError{Name: "etcd", Log: m.process.Tail(tailBytes)}
		}
		return m.Call(ctx, "kv/range", map[string][]byte{"key": []byte("x")}, nil) == nil, nil
	})
}

// Halt kills etcd.
func (m *Member) Halt() error {
	if m.process == nil {
		return nil
	}
	_ = m.process.Signal(os.Kill) // it may have ended
	_, err := m.process.Stop()
	return err
}

// Addr returns host:port for clients.
func (m *Member) Addr() string { return m.clients }

// Call calls a method of the JSON form of etcd's API, such as kv/put, and reads the answer into result unless that is nil.
func (m *Member) Call(ctx context.Context, method string, question, result any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+m.clients+"/v3/"+method, bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return err
	case answer.StatusCode != http.StatusOK:
		return fmt.Errorf("etcd: %s: %d %s", method, answer.StatusCode, said)
	case result == nil:
		return nil
	}
	return json.Unmarshal(said, result)
}

// Put writes an entry. A lease of 0 is none.
func (m *Member) Put(ctx context.Context, key, value string, lease int64) error {
	return m.Call(ctx, "kv/put", struct {
		Key   []byte `json:"key"`
		Value []byte `json:"value"`
		Lease int64  `json:"lease,string"`
	}{[]byte(key), []byte(value), lease}, nil)
}

// Created returns the revision of etcd in which an entry was made that is there, and 0 if none is: who looks too late to see an
// entry gone and made again sees another revision.
func (m *Member) Created(ctx context.Context, key string) (int64, error) {
	var answer struct {
		KVs []struct {
			Created int64 `json:"create_revision,string"`
		} `json:"kvs"`
	}
	err := m.Call(ctx, "kv/range", map[string][]byte{"key": []byte(key)}, &answer)
	if err != nil || len(answer.KVs) == 0 {
		return 0, err
	}
	return answer.KVs[0].Created, nil
}

// Grant returns a lease that nobody prolongs.
func (m *Member) Grant(ctx context.Context, ttl time.Duration) (int64, error) {
	var lease struct {
		ID int64 `json:"ID,string"`
	}
	err := m.Call(ctx, "lease/grant", map[string]int64{"TTL": int64(ttl / time.Second)}, &lease)
	return lease.ID, err
}
