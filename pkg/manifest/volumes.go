package manifest

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/otlpctl/otlpctl/pkg/config"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// The folders of the receiver in its pod, beside config.SecretsFolder.
const (
	configFolder   = "/app/config"
	dataFolder     = "/data"
	identityFolder = "/app/identity"
)

// secretMode lets the group of the pod's volumes read a file, and nobody change it.
const secretMode = 0o440

// volume is a volume and where the receiver has it.
type volume struct {
	corev1.Volume
	at       string
	readOnly bool
}

// volumes returns those of the configuration, of the data, and of the user's own.
func (r *renderer) volumes() []volume {
	all := []volume{
		{corev1.Volume{Name: "config", VolumeSource: configMapSource(r.configMapName())}, configFolder, true},
		{corev1.Volume{Name: "data", VolumeSource: r.dataSource()}, dataFolder, false},
	}
	if name := r.secretName(); name != "" {
		all = append(all, volume{corev1.Volume{Name: "secrets", VolumeSource: secretSource(name)}, config.SecretsFolder, true})
	}
	if name, _, ok := strings.Cut(r.deploy.AgeIdentity, "/"); ok {
		all = append(all, volume{corev1.Volume{Name: "identity", VolumeSource: secretSource(name)}, identityFolder, true})
	}
	for i, at := range sortedKeys(r.deploy.Mounts) {
		kind, name, _ := strings.Cut(r.deploy.Mounts[at], "/")
		source := secretSource(name)
		if kind == "configmap" {
			source = configMapSource(name)
		}
		all = append(all, volume{corev1.Volume{Name: "mount-" + strconv.Itoa(i+1), VolumeSource: source}, at, true})
	}
	return all
}

func configMapSource(name string) corev1.VolumeSource {
	return corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}}}
}

func secretSource(name string) corev1.VolumeSource {
	return corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: name, DefaultMode: new(int32(secretMode))}}
}

// dataSource returns an emptyDir, a volume of each pod's own, or the claim that exists.
func (r *renderer) dataSource() corev1.VolumeSource {
	d := r.deploy.Data
	size := r.quantity("data.size", d.Size)
	switch {
	case d.Claim != "":
		return corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: d.Claim}}
	case d.StorageClass != "":
		return corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{VolumeClaimTemplate: claimTemplate(d.StorageClass, size)}}
	}
	return corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: size}}
}

func claimTemplate(class string, size *resource.Quantity) *corev1.PersistentVolumeClaimTemplate {
	spec := corev1.PersistentVolumeClaimSpec{AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, StorageClassName: &class}
	if size != nil {
		spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: *size}
	}
	return &corev1.PersistentVolumeClaimTemplate{ObjectMeta: metav1.ObjectMeta{}, Spec: spec}
}

// setVolume puts a volume into a pod and its container, in place of one of the same name.
func setVolume(spec *corev1.PodSpec, c *corev1.Container, v volume) {
	if i := slices.IndexFunc(spec.Volumes, func(old corev1.Volume) bool { return old.Name == v.Name }); i >= 0 {
		spec.Volumes[i] = v.Volume
	} else {
		spec.Volumes = append(spec.Volumes, v.Volume)
	}
	mount := corev1.VolumeMount{Name: v.Name, MountPath: v.at, ReadOnly: v.readOnly}
	if i := slices.IndexFunc(c.VolumeMounts, func(old corev1.VolumeMount) bool { return old.Name == v.Name }); i >= 0 {
		c.VolumeMounts[i] = mount
		return
	}
	c.VolumeMounts = append(c.VolumeMounts, mount)
}

// checkMounts checks the user's own mounts. What otlpctl mounts is not covered by them.
func (r *renderer) checkMounts() {
	for _, at := range sortedKeys(r.deploy.Mounts) {
		key := "mounts." + at
		if !path.IsAbs(at) || path.Clean(at) != at || at == "/" || strings.Contains(at, ":") {
			r.fault("deploy."+key, quoted(at)+" is no folder to mount something at", "write an absolute path, such as /etc/otel/tls")
		}
		if ours := covered(at); ours != "" {
			r.fault("deploy."+key, "would cover "+ours, "mount it elsewhere")
		}
		kind, name, ok := strings.Cut(r.deploy.Mounts[at], "/")
		if !ok || kind != "secret" && kind != "configmap" {
			r.fault("deploy."+key, quoted(r.deploy.Mounts[at])+" is nothing to mount", "write secret/NAME or configmap/NAME")
			continue
		}
		r.check(key, name, validation.IsDNS1123Subdomain)
	}
}

// covered returns what of the receiver's own a mount would hide, or could not be made in, as it is
// read-only.
func covered(at string) string {
	for _, ours := range []string{"/app/otlpctl", configFolder, config.SecretsFolder, identityFolder} {
		if inside(ours, at) || inside(at, ours) {
			return ours
		}
	}
	if inside(dataFolder, at) {
		return dataFolder
	}
	return ""
}

func inside(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }
