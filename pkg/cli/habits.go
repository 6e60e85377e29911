package cli

import "github.com/spf13/cobra"

// suggestForHabits lets the commands of root be suggested to who types what kubectl, Helm or docker call them.
func suggestForHabits(root *cobra.Command) {
	habits := map[string][]string{
		"config":  {"check"},
		"delete":  {"uninstall", "remove", "down"},
		"deploy":  {"apply", "install", "upgrade", "up"},
		"render":  {"template"},
		"rollout": {"rollback"},
		"status":  {"get", "ps"},
	}
	for _, cmd := range root.Commands() {
		cmd.SuggestFor = append(cmd.SuggestFor, habits[cmd.Name()]...)
		for _, sub := range cmd.Commands() {
			if sub.Name() == "k8s" {
				sub.SuggestFor = append(sub.SuggestFor, "kubernetes", "kube")
			}
		}
	}
}
