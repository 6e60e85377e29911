package config

import (
	"maps"
	"slices"
	"strings"
)

// fromPod takes into account what variables of the pod set. Those from Secrets decide on values that
// are not known here. Others are refused: what they set could be part of the configuration, on which
// more than the receiver depends.
func (d *decoder) fromPod(c Deploy) {
	section, _ := d.root.find("deploy")
	at := func(key, name string) (*node, *path) {
		n := section.field(key).field(name)
		return n, (*path)(nil).child("deploy").child(key).child(name)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Env)) {
		if strings.HasPrefix(name, envPrefix) {
			n, p := at("env", name)
			d.fault(n, p, "would outrank the configuration, and the objects would not follow it", "set the key itself, in a file or with --set")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.SecretEnv)) {
		keys, ours := strings.CutPrefix(name, envPrefix)
		if !ours {
			continue
		}
		target, fault := variableSpot(d.whole(d.root), keys)
		if fault != nil {
			n, p := at("secret_env", name)
			d.fault(n, p, fault.problem, fault.hint)
			continue
		}
		d.open(target.path(), "${env:"+name+"}")
	}
}

// open notes a value that is known only where the configuration runs, as it is written. What holds
// it cannot be checked, and the default in its place is nobody's fault.
func (d *decoder) open(p *path, text string) {
	d.written[p.String()] = text
	if d.portable {
		d.block(p)
		d.wrong[p.String()] = true
	}
}
