package manifest

import (
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/otlpctl/otlpctl/pkg/config"
	appsv1 "github.com/otlpctl/otlpctl/pkg/manifest/api/apps/v1"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// checkResult finds what would keep the pods from starting. It looks at the objects as templates and
// patches have left them.
func (r *renderer) checkResult() error {
	c, found, err := r.receiver()
	if err != nil || !found {
		return err
	}
	r.checkVariables(c)
	for _, f := range r.Uses {
		if !f.Writes || !r.isUnused(f.Path) {
			r.checkFile(c, f)
		}
	}
	if len(r.faults) > 0 {
		return inOrder(r.faults)
	}
	return nil
}

func (r *renderer) checkVariables(c corev1.Container) {
	if len(c.EnvFrom) > 0 {
		return // what that brings is known in the cluster only
	}
	for _, v := range r.Variables {
		given := slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == v.Name })
		if v.Required && !given {
			r.fault(v.Path, "refers to the variable "+v.Name+", which the pod does not have",
				"set deploy.env."+v.Name+", or deploy.secret_env."+v.Name+": SECRET/KEY if it is a secret")
		}
	}
}

// isUnused reports whether a path is in a component that does not run.
func (r *renderer) isUnused(path string) bool {
	return slices.ContainsFunc(r.Config.Unused(), func(component string) bool { return strings.HasPrefix(path, component+".") })
}

// checkFile finds a file that the receiver could not write, or that is likely not there.
func (r *renderer) checkFile(c corev1.Container, f config.FileUse) {
	name := f.Name
	if !path.IsAbs(name) {
		name = path.Join("/app", name) // where the receiver is started
	}
	i := slices.IndexFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return inside(name, m.MountPath) })
	readOnlyRoot := c.SecurityContext != nil && c.SecurityContext.ReadOnlyRootFilesystem != nil && *c.SecurityContext.ReadOnlyRootFilesystem
	switch {
	case f.Writes && i < 0 && readOnlyRoot, f.Writes && i >= 0 && c.VolumeMounts[i].ReadOnly:
		r.fault(f.Path, quoted(f.Name)+" cannot be written: in the pod only "+dataFolder+" can", "name a file below "+dataFolder)
	case !f.Writes && i < 0 && !inside(name, "/etc/ssl"):
		r.doubt(f.Path, quoted(f.Name)+" is in no volume of the pod", "set deploy.mounts."+path.Dir(name)+": secret/NAME, unless the image has the file")
	}
}

// receiver returns the container of the receiver.
func (r *renderer) receiver() (c corev1.Container, found bool, err error) {
	for _, u := range r.set {
		if u.GetKind() != "Deployment" {
			continue
		}
		var d appsv1.Deployment
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &d); err != nil {
			return c, false, err
		}
		for _, c := range d.Spec.Template.Spec.Containers {
			if c.Name == containerName {
				return c, true, nil
			}
		}
	}
	return c, false, nil
}
