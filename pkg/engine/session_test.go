package engine

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/encoding/protowire"
)

// keep writes the file in which docker login keeps credentials.
func keep(t *testing.T, text string) {
	t.Helper()
	folder := t.TempDir()
	t.Setenv("DOCKER_CONFIG", folder)
	if text == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(folder, "config.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func basic(name, secret string) string {
	return base64.StdEncoding.EncodeToString([]byte(name + ":" + secret))
}

func TestLogins(t *testing.T) {
	f := func(file string, images []string, want ...string) {
		t.Helper()
		keep(t, file)
		got, err := loginsFor(images)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.known) != len(want) {
			t.Errorf("%v: %v, want %q", images, got.known, want)
		}
		for _, key := range want {
			if got.known[key].Username != "ann" || got.known[key].Password != "pass" {
				t.Errorf("%v: no login for %s in %v", images, key, got.known)
			}
		}
	}
	both := `{"auths": {"registry.example:5000": {"auth": "` + basic("ann", "pass") + `"}, "https://index.docker.io/v1/": {"auth": "` + basic("ann", "pass") + `"}}}`
	f("", []string{"golang:1.26"})
	f(both, nil)
	f(both, []string{"golang:1.26", "registry.example/x"}, "https://index.docker.io/v1/")
	f(both, []string{"registry.example:5000/x:1", "scratch"}, "registry.example:5000", "https://index.docker.io/v1/")
	f(`{"credsStore": "no-such-helper"}`, []string{"golang:1.26"})
}

func TestLoginFaults(t *testing.T) {
	keep(t, "{")
	if _, err := loginsFor([]string{"golang"}); err == nil {
		t.Error("a broken file is ignored")
	}
	keep(t, "")
	if _, err := loginsFor([]string{"No Image"}); err == nil {
		t.Error("a name that is none is ignored")
	}
}

// dialSession connects to a session as an engine does: on a connection that is there already.
func dialSession(t *testing.T, l *logins) *grpc.ClientConn {
	t.Helper()
	near, far := net.Pipe()
	server := newCredentialsServer(l)
	served := make(chan error, 1)
	go func() { served <- server.Serve(newOneConn(near)) }()
	client, err := grpc.NewClient("passthrough:///engine",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return far, nil }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		server.Stop()
		if err := <-served; err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return client
}

func TestSession(t *testing.T) {
	keep(t, `{"auths": {"registry.example": {"auth": "`+basic("ann", "pass")+`"}, "https://index.docker.io/v1/": {"identitytoken": "t"}}}`)
	l, err := loginsFor(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := dialSession(t, l)
	health, err := grpc_health_v1.NewHealthClient(client).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
	if err != nil || health.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Errorf("%v %v", health, err)
	}
	f := func(host, name, secret string) {
		t.Helper()
		request := rawMessage(protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), host))
		var answer rawMessage
		codec := grpc.ForceCodecV2(rawCodec{encoding.GetCodecV2("proto")})
		if err := client.Invoke(t.Context(), "/moby.filesync.v1.Auth/Credentials", &request, &answer, codec); err != nil {
			t.Fatal(err)
		}
		got := map[protowire.Number]string{}
		err := eachField(answer, func(f protoField) error { got[f.number] = string(f.bytes); return nil })
		if err != nil || got[1] != name || got[2] != secret {
			t.Errorf("%s: %q %v, want %q %q", host, got, err, name, secret)
		}
	}
	f("registry.example", "ann", "pass")
	f("registry-1.docker.io", "", "t")
	f("other.example", "", "")

	broken := rawMessage{0x0a, 0xff}
	if err := client.Invoke(t.Context(), "/moby.filesync.v1.Auth/Credentials", &broken, &rawMessage{}, grpc.ForceCodecV2(rawCodec{encoding.GetCodecV2("proto")})); err == nil {
		t.Error("a broken request is answered")
	}
}

func FuzzDecodeHost(f *testing.F) {
	f.Add([]byte("\x0a\x01h"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if host, _ := decodeHost(data); len(host) > len(data) {
			t.Errorf("%q of %q", host, data)
		}
	})
}
