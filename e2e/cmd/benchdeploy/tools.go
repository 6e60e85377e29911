package main

// step is a thing to do.
type step int

const (
	first step = iota
	again
	changed
	undone
	steps
)

func (s step) String() string {
	return [...]string{"first deployment", "nothing new", "one field changed", "undo"}[s]
}

// tool is a way to deploy: the commands that it takes for each step, one after another.
type tool struct {
	name     string
	commands func(site, step) [][]string
}

func tools() []tool {
	return []tool{{"otlpctl", withOtlpctl}, {"kubectl", withKubectl}, {"helm", withHelm}}
}

func withOtlpctl(s site, do step) [][]string {
	deploy := []string{s.otlpctl, "deploy", "k8s", "--config", s.config, "-n", s.namespace}
	switch do {
	case changed:
		deploy = append(deploy, "--set", change)
	case undone:
		return [][]string{{s.otlpctl, "rollout", "undo", "-n", s.namespace, "--name", name}}
	}
	return [][]string{deploy}
}

func withKubectl(s site, do step) [][]string {
	kubectl := s.cluster.Bin() + "/kubectl"
	wait := []string{kubectl, "rollout", "status", "-n", s.namespace, "deployment/" + name}
	switch do {
	case changed:
		return [][]string{{kubectl, "apply", "-f", s.after}, wait}
	case undone:
		return [][]string{{kubectl, "rollout", "undo", "-n", s.namespace, "deployment/" + name}, wait}
	}
	return [][]string{{kubectl, "apply", "-f", s.before}, wait}
}

func withHelm(s site, do step) [][]string {
	upgrade := []string{s.helm, "upgrade", "--install", "--wait", "--create-namespace", "-n", s.namespace, name}
	switch do {
	case changed:
		return [][]string{append(upgrade, s.changed)}
	case undone:
		return [][]string{{s.helm, "rollback", "--wait", "-n", s.namespace, name}}
	}
	return [][]string{append(upgrade, s.chart)}
}
