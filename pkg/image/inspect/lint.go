package inspect

import (
	"archive/tar"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/pkg/image"
)

// maxLayers is how many layers an image needs at most.
const maxLayers = 8

// linted is what the rules look at.
type linted struct {
	*flat
	program *Program
	hide    hider
	// ports are those that the image should expose.
	ports []string
}

// rule judges an image. why is said in either case, and hint if it is not as it should be.
type rule struct {
	name  string
	judge func(linted) (ok bool, why, hint string)
}

// rules returns all rules in the order in which they are reported. Their names are API.
func rules() []rule {
	return []rule{
		{"non-root", nonRoot},
		{"health-check", healthCheck},
		{"exec-form", execForm},
		{"static", static},
		{"no-shell", noShell},
		{"no-package-manager", noPackageManager},
		{"no-setuid", noSetuid},
		{"no-secrets", noSecrets},
		{"ca-certificates", certificates},
		{"configuration", configuration},
		{"ports", ports},
		{"labels", labels},
		{"layers", layers},
		{"reproducible", reproducible},
	}
}

func lint(l linted) []Check {
	var checks []Check
	for _, r := range rules() {
		ok, why, hint := r.judge(l)
		c := Check{Rule: r.name, Status: OK, Why: why}
		if !ok {
			c.Status, c.Hint = Warn, hint
		}
		checks = append(checks, c)
	}
	return checks
}

func nonRoot(l linted) (ok bool, why, hint string) {
	const wanted = "set USER to a number, such as 1000:1000"
	user, _, _ := strings.Cut(l.config.Config.User, ":")
	number, err := strconv.Atoi(user)
	switch {
	case user == "" || user == "root" || err == nil && number == 0:
		return false, "runs as root", wanted
	case err != nil:
		return false, "runs as " + user + ": from a name Kubernetes cannot tell that it is not root", wanted
	}
	return true, "runs as user " + user, ""
}

func healthCheck(l linted) (ok bool, why, hint string) {
	if hasHealthCheck(l.config.Config) {
		return true, "has a health check", ""
	}
	return false, "has no health check", "add HEALTHCHECK; Kubernetes does not use it, but engines do"
}

func execForm(l linted) (ok bool, why, hint string) {
	line := commandLine(l.config.Config)
	switch {
	case len(line) == 0:
		return false, "runs nothing", "set ENTRYPOINT or CMD"
	case len(line) > 2 && isShell(path.Base(line[0])) && line[1] == "-c":
		return false, "is started by a shell, which keeps signals from it", `write ENTRYPOINT ["program", "argument"]`
	}
	return true, "is started without a shell", ""
}

func static(l linted) (ok bool, why, hint string) {
	switch {
	case l.program == nil:
		name, _ := findProgram(l.tree, l.config.Config)
		return false, fmt.Sprintf("the program %q is not in the image", name), "check ENTRYPOINT, CMD and PATH"
	case l.program.Size > maxProgram:
		return false, l.program.Path + " is too large to be looked at", "check it with file or ldd"
	case l.program.Static:
		return true, l.program.Path + " needs no libraries", ""
	}
	return false, l.program.Path + " needs libraries or an interpreter of the image", "build it static: CGO_ENABLED=0 for Go"
}

func noShell(l linted) (ok bool, why, hint string) {
	return without(l, "shell", isShell)
}

func noPackageManager(l linted) (ok bool, why, hint string) {
	return without(l, "package manager", func(base string) bool {
		return slices.Contains([]string{"apk", "apt", "apt-get", "dnf", "dpkg", "microdnf", "opkg", "pacman", "rpm", "yum", "zypper"}, base)
	})
}

// without says that no folder for programs has one that is.
func without(l linted, what string, is func(base string) bool) (ok bool, why, hint string) {
	var found []string
	for at, f := range l.tree.files() {
		isProgram := f.kind == tar.TypeReg || f.kind == tar.TypeSymlink
		folder := path.Base(path.Dir(at))
		if isProgram && (folder == "bin" || folder == "sbin") && is(path.Base(at)) {
			found = append(found, "/"+at)
		}
	}
	if len(found) == 0 {
		return true, "has no " + what, ""
	}
	return false, "has a " + what + ": " + brief(found), "start from scratch, or from an image without one"
}

func isShell(base string) bool {
	return slices.Contains([]string{"sh", "ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "tcsh", "zsh"}, base)
}

func noSetuid(l linted) (ok bool, why, hint string) {
	var found []string
	for at, f := range l.tree.files() {
		if f.kind == tar.TypeReg && f.mode&0o6000 != 0 {
			found = append(found, "/"+at)
		}
	}
	if len(found) == 0 {
		return true, "has no setuid programs", ""
	}
	return false, "has setuid or setgid programs: " + brief(found), "delete them, or take the mode from them (chmod a-s)"
}

func certificates(l linted) (ok bool, why, hint string) {
	for _, at := range []string{
		"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
		"/etc/pki/tls/cacert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
	} {
		if f := l.tree.resolve(at); f != nil && f.content != nil && f.content.size > 0 {
			return true, "has CA certificates", ""
		}
	}
	return false, "has no CA certificates: TLS to the outside fails", "add /etc/ssl/certs/ca-certificates.crt"
}

func configuration(l linted) (ok bool, why, hint string) {
	if f := l.tree.resolve(image.ConfigPath); f != nil && f.content != nil {
		return true, "has " + image.ConfigPath, ""
	}
	return false, "has no " + image.ConfigPath, "'otlpctl image build' puts one in"
}

func ports(l linted) (ok bool, why, hint string) {
	var missing []string
	for _, port := range l.ports {
		if _, ok := l.config.Config.ExposedPorts[port]; !ok {
			missing = append(missing, port)
		}
	}
	if len(missing) == 0 {
		return true, "exposes what it listens on", ""
	}
	return false, "does not expose " + strings.Join(missing, ", "), "add EXPOSE, or build it with 'otlpctl image build --config'"
}

func labels(l linted) (ok bool, why, hint string) {
	const prefix = "org.opencontainers.image."
	var missing []string
	for _, name := range []string{"title", "description", "version", "revision", "created", "source", "licenses"} {
		if l.config.Config.Labels[prefix+name] == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return true, "says what it is in its labels", ""
	}
	return false, "lacks the labels " + prefix + "{" + strings.Join(missing, ",") + "}", "add LABEL, for those who find it in a registry"
}

func layers(l linted) (ok bool, why, hint string) {
	if n := len(l.layers); n > maxLayers {
		return false, fmt.Sprintf("has %d layers, more than %d", n, maxLayers), "build it in stages, and copy the result"
	}
	return true, fmt.Sprintf("has no more than %d layers", maxLayers), ""
}

// reproducible judges by the times. A clock gives fractions of a second, and files that are no older than
// the build; fixed times have neither.
func reproducible(l linted) (ok bool, why, hint string) {
	const wanted = "set SOURCE_DATE_EPOCH, and build with 'otlpctl image build'"
	created := l.config.Created.Time
	if created.Nanosecond() != 0 {
		return false, "its time is that of its build: " + created.UTC().Format(time.RFC3339Nano), wanted
	}
	if newest := l.latest(); !created.IsZero() && newest.After(created) {
		return false, "has files that are newer than the image: " + newest.UTC().Format(time.RFC3339), wanted
	}
	return true, "has fixed times", ""
}

// brief names the first few of many.
func brief(paths []string) string {
	const few = 3
	if len(paths) <= few {
		return strings.Join(paths, ", ")
	}
	return strings.Join(paths[:few], ", ") + fmt.Sprintf(" and %d more", len(paths)-few)
}
