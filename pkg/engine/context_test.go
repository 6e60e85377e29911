package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/cli/cli/config"
)

// The hash of "far", by which the docker command keeps the context of that name.
const farID = "512eea46ceb3921dff4363c7069d89d4964d1d9fccaa0f411851a7aa60a5c868"

// DOCKER_HOST is heeded first, then DOCKER_CONTEXT, then the current context.
func TestFindEndpoint(t *testing.T) {
	// f finds the engine with files in the folder of the docker command, and variables.
	f := func(files, env map[string]string, host string, secured bool, problem string) {
		t.Helper()
		folder := tree(t, files)
		got, err := findEndpoint(func(name string) string {
			if name == config.EnvOverrideConfigDir {
				return folder
			}
			return env[name]
		})
		if (err != nil) != (problem != "") || err != nil && !strings.Contains(err.Error(), problem) {
			t.Fatalf("%v, want %q", err, problem)
		}
		if got.host != host || (got.certificates != "") != secured {
			t.Errorf("%v, %v: %+v, want %s", files, env, got, host)
		}
	}
	far := map[string]string{
		"config.json":                                   `{"currentContext": "far"}`,
		"contexts/meta/" + farID + "/meta.json":         `{"Name": "far", "Endpoints": {"docker": {"Host": "tcp://far:2376"}}}`,
		"contexts/tls/" + farID + "/docker/placeholder": "",
	}
	none := map[string]string{}
	f(none, none, "", false, "")
	f(far, none, "tcp://far:2376", true, "")
	f(far, map[string]string{"DOCKER_CONTEXT": "default"}, "", false, "")
	f(far, map[string]string{"DOCKER_HOST": "tcp://near:2375", "DOCKER_CONTEXT": "far"}, "tcp://near:2375", false, "")
	f(none, map[string]string{"DOCKER_CONTEXT": "far"}, "", false, `there is no docker context "far"`)
	f(map[string]string{"config.json": "{"}, none, "", false, "config.json: ")
	delete(far, "contexts/tls/"+farID+"/docker/placeholder")
	f(far, none, "tcp://far:2376", false, "")
	far["contexts/meta/"+farID+"/meta.json"] = "{"
	f(far, none, "", false, `docker context "far": `)
}

// The certificates of a context are used, and missed if they are not there.
func TestContextCertificates(t *testing.T) {
	folder := t.TempDir()
	at := endpoint{host: "tcp://far:2376", certificates: folder}
	if _, err := dial(at); err == nil || !strings.Contains(err.Error(), filepath.Join(folder, "ca.pem")) {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "ca.pem"), []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := dial(at); err == nil {
		t.Error("what is no certificate is taken for one")
	}
}
