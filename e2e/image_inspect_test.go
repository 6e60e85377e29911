package e2e_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/dockerd"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
)

// inspection is what these tests look at in the report of image inspect.
type inspection struct {
	Size, Unpacked int64
	Layers         []struct{ Digest string }
	Program        *struct {
		Path   string
		Static bool
	}
	SBOM *struct {
		Source   string
		Packages int
	}
	Wasted struct {
		Size int64
		Top  []struct {
			Path, How string
			Size      int64
			Layer     int
		}
	}
	Checks []struct{ Rule, Status, Why string }
}

// objections returns the rules that object to the image.
func (i inspection) objections() []string {
	var rules []string
	for _, c := range i.Checks {
		if c.Status != "ok" {
			rules = append(rules, c.Rule)
		}
	}
	return rules
}

// imagesOn runs the product's image commands on an engine.
func imagesOn(t *testing.T, e *dockerd.Engine) func(code int, args ...string) outcome {
	return func(code int, args ...string) outcome {
		t.Helper()
		got := run(t, process.Spec{Name: "otlpctl", Path: otlpctl(t), Args: append([]string{"image"}, args...), Env: e.Env()})
		if got.code != code {
			t.Fatalf("image %q: exit code %d, want %d\n%s\n%s", args, got.code, code, got.stdout, got.stderr)
		}
		return got
	}
}

func inspectionOf(t *testing.T, got outcome) (report inspection) {
	t.Helper()
	if err := json.Unmarshal([]byte(got.stdout), &report); err != nil {
		t.Fatal(err)
	}
	return report
}

// The image of otlpctl is the same in a layout and in an engine, and nothing is wrong with it.
func TestInspectOtlpctl(t *testing.T) {
	e := dockerd.Need(t)
	images := imagesOn(t, e)
	layout := "oci:" + filepath.Join(t.TempDir(), "image")
	images(0, "build", "--output", layout, "--tag", "otlpctl-inspect:1")
	images(0, "build", "--output", "engine", "--tag", "otlpctl-inspect:1")

	report := inspectionOf(t, images(0, "inspect", layout, "-o", "json"))
	// A build of a modified checkout has no revision to name.
	if bad := slices.DeleteFunc(report.objections(), func(rule string) bool { return rule == "labels" }); len(bad) > 0 {
		t.Errorf("rules object: %q in %+v", bad, report.Checks)
	}
	if p := report.Program; p == nil || p.Path != "/app/otlpctl" || !p.Static {
		t.Errorf("program %+v", p)
	}
	if s := report.SBOM; s == nil || s.Source != "referrer" || s.Packages < 10 {
		t.Errorf("SBOM %+v", s)
	}
	onEngine := inspectionOf(t, images(0, "inspect", "otlpctl-inspect:1", "-o", "json"))
	if onEngine.Unpacked != report.Unpacked || onEngine.SBOM == nil || onEngine.SBOM.Source != "program" {
		t.Errorf("on the engine %+v, in the layout %+v", onEngine, report)
	}
	same := images(0, "diff", layout, "engine:otlpctl-inspect:1")
	if same.stdout != "" {
		t.Errorf("differences:\n%s", same.stdout)
	}
	gone := images(1, "inspect", "engine:otlpctl-inspect:2")
	if !strings.Contains(gone.stderr, "error: the container engine has no image otlpctl-inspect:2") || !strings.Contains(gone.stderr, "hint: 'otlpctl image ls'") {
		t.Errorf("no such image:\n%s", gone.stderr)
	}
}

// What an engine writes for files that are overwritten or deleted, and for folders that are made anew, is understood.
func TestInspectWasteOfEngine(t *testing.T) {
	e := dockerd.Need(t)
	if err := e.ImportBusybox(t.Context(), "inspect-base:1"); err != nil {
		t.Fatal(err)
	}
	var answer string
	err := e.Call(t.Context(), "POST", "/build?t=inspect-waste:1&networkmode=none", dockerfileContext(t, `
FROM inspect-base:1
RUN mkdir /d && dd if=/dev/zero of=/d/big bs=1k count=64 && echo keep > /d/keep && echo old > /f && ln /d/keep /linked
RUN rm /d/big && echo new! > /f
RUN rm -r /d && mkdir /d && echo other > /d/other
`), &answer)
	if err != nil || !strings.Contains(answer, "Successfully tagged") {
		t.Fatalf("build: %v\n%s", err, answer)
	}
	report := inspectionOf(t, imagesOn(t, e)(0, "inspect", "engine:inspect-waste:1", "-o", "json"))
	var lost []string
	for _, l := range report.Wasted.Top {
		lost = append(lost, l.Path+" "+l.How)
	}
	// What /d/keep held lives on as /linked.
	if want := []string{"/d/big deleted", "/f overwritten"}; !slices.Equal(lost, want) || report.Wasted.Size != 64<<10+4 {
		t.Errorf("wasted %q, %d bytes; want %q", lost, report.Wasted.Size, want)
	}
	for _, rule := range []string{"non-root", "health-check", "no-shell", "reproducible"} {
		if !slices.Contains(report.objections(), rule) {
			t.Errorf("rule %s does not object: %q", rule, report.objections())
		}
	}
}

// dockerfileContext is the context of a build with nothing but a Dockerfile.
func dockerfileContext(t *testing.T, dockerfile string) io.Reader {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: "Dockerfile", Mode: 0o644, Size: int64(len(dockerfile))}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, dockerfile); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}
