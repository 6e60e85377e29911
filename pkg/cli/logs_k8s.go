package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/kube/watch"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type logsK8sOptions struct {
	targetOptions
	container  string
	follow     bool
	previous   bool
	since      time.Duration
	tail       string
	grep       string
	timestamps bool
}

func newLogsK8s(s term.Streams) *cobra.Command {
	var o logsK8sOptions
	var logs watch.Logs
	cmd := &cobra.Command{
		Use:   "k8s",
		Short: "Show the logs of all pods in a Kubernetes cluster",
		Long: `Show what the receivers in all pods of the deployment have printed, in the order of time. The name
of the pod is before each line.

With --follow it goes on with what comes, from pods that come later too, and makes connections
anew that break; no line comes twice. It ends when the deployment is deleted: exit 0, or when it
is interrupted: exit 130. With --previous it shows the containers that ended before those that run.`,
		Example: `  otlpctl logs k8s -n telemetry --tail 20
  otlpctl logs k8s --follow --since 5m --grep 'level=(WARN|ERROR)'
  otlpctl logs k8s --previous`,
		Args: noArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) (err error) {
			if logs, err = o.logs(s); err != nil {
				return usageError(cmd, err)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return runLogsK8s(cmd.Context(), o, logs) },
	}
	targetFlags(cmd, &o.targetOptions)
	f := cmd.Flags()
	f.StringVar(&o.container, "container", "", "`name` of another container of the pods (default the receiver)")
	f.BoolVarP(&o.follow, "follow", "f", false, "go on with what comes")
	f.BoolVarP(&o.previous, "previous", "p", false, "show the containers before the last restart")
	f.DurationVar(&o.since, "since", 0, "leave out what is older, such as 10m")
	f.StringVar(&o.tail, "tail", allLines, "`number` of last lines of each pod, or all")
	f.StringVar(&o.grep, "grep", "", "show only lines that match a regular `expression`")
	f.BoolVar(&o.timestamps, "timestamps", false, "put the time before each line")
	return explained(cmd, s, func(context.Context) (*kubectl, error) { return explainLogs(&o) })
}

// logs checks what is asked for.
func (o *logsK8sOptions) logs(s term.Streams) (watch.Logs, error) {
	l := watch.Logs{Container: o.container, Previous: o.previous, Since: o.since}
	if o.tail != allLines {
		n, err := strconv.ParseInt(o.tail, 10, 32)
		if err != nil || n < 0 {
			return l, fmt.Errorf("--tail %q: want a number of lines, or all", o.tail)
		}
		l.Tail = &n
	}
	if o.follow && o.previous {
		return l, errors.New("--previous shows what has ended: it does not go with --follow")
	}
	if o.since < 0 {
		return l, fmt.Errorf("--since %s: want 0 or more", o.since)
	}
	match, err := regexp.Compile(o.grep)
	if err != nil {
		return l, fmt.Errorf("--grep %q: %w", o.grep, err)
	}
	p := podLines{streams: s, timestamps: o.timestamps, numbers: map[string]int{}}
	l.Line = func(line watch.LogLine) error {
		if !match.MatchString(line.Text) {
			return nil
		}
		return p.print(line)
	}
	l.Note = func(text string) { _, _ = fmt.Fprintln(s.Err, s.Err.Paint(term.Warn, "note:"), s.Err.Printable(text)) }
	return l, nil
}

func runLogsK8s(ctx context.Context, o logsK8sOptions, l watch.Logs) error {
	c, target, err := o.open()
	if err != nil {
		return err
	}
	l.API, l.Namespace, l.Name = c, target.Namespace, target.Name
	read := l.Read
	if o.follow {
		read = l.Follow
	}
	err = read(ctx)
	if ctx.Err() != nil {
		return reported{coded{ctx.Err(), exitInterrupted}} // whoever ends it this way needs not be told
	}
	return needs(target, err)
}

// podLines prints lines of several pods, each pod in a color of its own.
type podLines struct {
	streams    term.Streams
	timestamps bool
	numbers    map[string]int // by pod, in the order in which they came
}

func (p podLines) print(line watch.LogLine) error {
	number, known := p.numbers[line.Pod]
	if !known {
		number = len(p.numbers)
		p.numbers[line.Pod] = number
	}
	out := p.streams.Out
	var b strings.Builder
	b.WriteString(out.Distinct(number, line.Pod+" |") + " ")
	if p.timestamps {
		b.WriteString(line.Time.Format(time.RFC3339Nano) + " ")
	}
	b.WriteString(out.Printable(line.Text) + "\n")
	_, err := out.Write([]byte(b.String()))
	return err
}
