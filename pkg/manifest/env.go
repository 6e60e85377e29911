package manifest

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// heapShare is the share of the memory limit that the Go heap may fill, as the receiver itself takes
// it inside a control group: the rest is for stacks, the runtime and the page cache.
const heapShare = 0.9

const (
	memoryVariable   = "GOMEMLIMIT"
	levelVariable    = "APP__LOGGING__LEVEL"
	identityVariable = "OTLPCTL_AGE_KEY_FILE"
)

// env returns the variables of the receiver beside those in the template, those of the user last:
// they win.
func (r *renderer) env() []corev1.EnvVar {
	var all []corev1.EnvVar
	if r.memory > 0 {
		all = append(all, corev1.EnvVar{Name: memoryVariable, Value: memoryText(heapLimit(r.memory))})
	}
	// A variable outranks the file, and would pin the level of a configuration that is read again.
	if !r.isLive() && !r.Open("service.telemetry.logs.level") {
		all = append(all, corev1.EnvVar{Name: levelVariable, Value: r.Config.Service.Telemetry.Logs.Level})
	}
	if _, key, ok := strings.Cut(r.deploy.AgeIdentity, "/"); ok {
		all = append(all, corev1.EnvVar{Name: identityVariable, Value: identityFolder + "/" + key})
	}
	for _, name := range sortedKeys(r.deploy.Env) {
		all = append(all, corev1.EnvVar{Name: name, Value: escaped(r.deploy.Env[name])})
	}
	for _, name := range sortedKeys(r.deploy.SecretEnv) {
		secret, key, _ := strings.Cut(r.deploy.SecretEnv[name], "/")
		all = append(all, corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: secret}, Key: key,
		}}})
	}
	return all
}

// escaped keeps the kubelet from replacing $(NAME) in a value: ours are taken to the letter.
func escaped(value string) string { return strings.ReplaceAll(value, "$(", "$$(") }

func heapLimit(memory int64) int64 { return int64(float64(memory) * heapShare) }

// memoryText is a number of bytes as the Go runtime reads it.
func memoryText(bytes int64) string {
	if mib := bytes >> 20; mib > 0 {
		return fmt.Sprintf("%dMiB", mib)
	}
	return fmt.Sprintf("%dB", bytes)
}

// checkEnv checks names of variables, and the places of those that are in Secrets.
func (r *renderer) checkEnv() {
	for _, name := range sortedKeys(r.deploy.Env) {
		r.check("env."+name, name, validation.IsEnvVarName)
		if _, twice := r.deploy.SecretEnv[name]; twice {
			r.fault("deploy.secret_env."+name, "is set in deploy.env as well", "remove one of the two")
		}
	}
	for _, name := range sortedKeys(r.deploy.SecretEnv) {
		r.check("secret_env."+name, name, validation.IsEnvVarName)
		r.checkPlace("secret_env."+name, r.deploy.SecretEnv[name])
	}
	if at := r.deploy.AgeIdentity; at != "" {
		r.checkPlace("age_identity", at)
	} else if _, given := r.deploy.SecretEnv["OTLPCTL_AGE_KEY"]; r.Sealed != "" && !given {
		r.fault(r.Sealed, "is encrypted, and the pod has no identity to decrypt it", "set deploy.age_identity: SECRET/KEY")
	}
	r.checkMounts()
}

// checkPlace checks SECRET/KEY.
func (r *renderer) checkPlace(key, text string) {
	secret, name, ok := strings.Cut(text, "/")
	if !ok {
		r.fault("deploy."+key, quoted(text)+" is no place in a Secret", "write SECRET/KEY")
		return
	}
	r.check(key, secret, validation.IsDNS1123Subdomain)
	r.check(key, name, validation.IsConfigMapKey)
}

// quoted repeats a text that is wrong, as far as that helps.
func quoted(text string) string {
	const longest = 80
	if short := []rune(text); len(short) > longest {
		text = string(short[:longest]) + "…"
	}
	return fmt.Sprintf("%q", text)
}

// element is the path of an element of a list.
func element(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }
