package cli

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver"
)

// probeTimeout is how long a backend may take to answer unless told otherwise.
const probeTimeout = 5 * time.Second

type configValidateOptions struct {
	config  configOptions
	level   levelFlag
	written bool
	timeout time.Duration
	format  output.Format
}

func newConfigValidate(s term.Streams) *cobra.Command {
	o := configValidateOptions{level: levelFlag(receiver.LevelBuild)}
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Check whether a configuration is right, before it runs",
		Long: `Check a configuration as far as --level says, each level after those before it:

  schema    every key and value, as otlpctl serve reads them
  build     every component of a pipeline is made by the code that serve runs: certificates
            and keys are read, and files to write to could be opened. None is created,
            changed or left behind.
  bind      every port and socket is taken, and let go at once, and no other process writes
            to a database in a file. What passes this starts.
  connect   every backend is sent an empty request for each signal, which changes nothing
            there but proves address, TLS, headers and path; a PostgreSQL is asked whether
            its tables can be made and written to

With --as-written the configuration is one that is to run elsewhere: only --config and --set
count, references such as ${env:NAME} and encrypted values stay as they are, and the level is
schema.

Everything that is wrong is reported at once, with its place and what to do about it. The
report is the result: exit 0 if all is well, 2 if not.`,
		Example: `  otlpctl config validate --config otel.yaml

  # On the machine where it will run, right before it does
  otlpctl config validate --config otel.yaml --level bind

  # In a pipeline, without the variables and keys of the machine where it will run
  otlpctl config validate --config otel.yaml --as-written

  # Are the backends there, and do they let us in?
  otlpctl config validate --config otel.yaml --level connect --timeout 2s
  otlpctl config validate -o json | jq '.checks[] | select(.status == "failed")'`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.timeout <= 0 {
				return usageError(cmd, fmt.Errorf("--timeout %s: want more than 0", o.timeout))
			}
			if o.written {
				if cmd.Flags().Changed("level") && receiver.Level(o.level) != receiver.LevelSchema {
					return usageError(cmd, fmt.Errorf("--as-written goes with --level schema only: more can be tried only where it will run"))
				}
				o.level = levelFlag(receiver.LevelSchema)
			}
			return runConfigValidate(cmd.Context(), s, o)
		},
	}
	configFlags(cmd, &o.config)
	cmd.Flags().Var(&o.level, "level", "how far to check: "+o.level.known())
	cmd.Flags().BoolVar(&o.written, "as-written", false, "the configuration is for elsewhere: leave references and encrypted values as they are")
	cmd.Flags().DurationVar(&o.timeout, "timeout", probeTimeout, "how long each backend may take to answer")
	offer(cmd, "level", strings.Split(o.level.known(), ", ")...)
	formatFlag(cmd, &o.format)
	return cmd
}

// levelFlag is the value of --level.
type levelFlag receiver.Level

func (l *levelFlag) String() string { return string(*l) }

// Type names the value in help texts.
func (l *levelFlag) Type() string { return "level" }

// Set accepts the levels.
func (l *levelFlag) Set(text string) error {
	if !slices.Contains(receiver.Levels(), receiver.Level(text)) {
		return fmt.Errorf("want one of %s", l.known())
	}
	*l = levelFlag(text)
	return nil
}

func (*levelFlag) known() string {
	var names []string
	for _, level := range receiver.Levels() {
		names = append(names, string(level))
	}
	return strings.Join(names, ", ")
}

// validation is the document of config validate. The names of its fields are API.
type validation struct {
	Valid    bool            `json:"valid"`
	Level    receiver.Level  `json:"level"`
	Checks   []checked       `json:"checks"`
	Findings config.Errors   `json:"findings"`
	Warnings config.Warnings `json:"warnings"`
}

// checked is one check that has ended.
type checked struct {
	Level   receiver.Level  `json:"level"`
	Name    string          `json:"name"`
	Status  receiver.Status `json:"status"`
	Seconds float64         `json:"seconds"`
	Note    string          `json:"note,omitempty"`
	// Problem and what follows belong to a check that failed.
	Problem string `json:"problem,omitempty"`
	Hint    string `json:"hint,omitempty"`
	Path    string `json:"path,omitempty"`
	config.Position

	took     time.Duration
	findings []config.Finding // the same for people
}

func runConfigValidate(ctx context.Context, s term.Streams, o configValidateOptions) error {
	report, err := validate(ctx, s, o)
	if err != nil {
		return err
	}
	if o.format == output.Table {
		err = report.print(s.Out)
	} else {
		err = o.format.Write(s.Out, report, nil)
	}
	if err == nil && !report.Valid {
		return errInvalid()
	}
	return err
}

// validate returns an error if it could not find out.
func validate(ctx context.Context, s term.Streams, o configValidateOptions) (validation, error) {
	report := validation{Valid: true, Level: receiver.Level(o.level), Findings: config.Errors{}, Warnings: config.Warnings{}}
	began := time.Now()
	loaded, err := o.read()
	schema := checked{Level: receiver.LevelSchema, Name: "configuration", Status: receiver.CheckOK, took: time.Since(began)}
	report.Warnings = append(report.Warnings, loaded.Warnings...)
	if err != nil {
		report.misread(schema, err)
		return report, ctx.Err()
	}
	report.add(schema)
	checks := receiver.NewChecks(loaded.Config, receiver.Deps{
		Log: slog.New(slog.DiscardHandler), Stdout: s.Out, Stderr: s.Err, Memory: receiver.PlanMemory(), Resolve: registries().Open,
	}, report.Level)
	addRegistries(checks, loaded)
	outcomes, err := checks.Run(ctx, o.timeout)
	for _, outcome := range outcomes {
		report.add(checkedBy(outcome, loaded))
	}
	return report, err
}

func (o configValidateOptions) read() (config.Loaded, error) {
	if o.written {
		return o.config.written()
	}
	return config.Load(o.config.sources())
}

func (v *validation) add(c checked) {
	c.Seconds = math.Round(c.took.Seconds()*1e6) / 1e6
	v.Checks = append(v.Checks, c)
	v.Valid = v.Valid && c.Status == receiver.CheckOK
}

// checkedBy places the outcome of a check in the configuration.
func checkedBy(o receiver.Outcome, loaded config.Loaded) checked {
	c := checked{Level: o.Level, Name: o.Name, Status: o.Status, Note: o.Note, took: o.Took}
	if o.Status == receiver.CheckFailed {
		f := loaded.Finding(o.At, o.Problem, o.Hint)
		c.Problem, c.Hint, c.Path, c.Position = f.Problem, f.Hint, f.Path, f.Position
		c.findings = []config.Finding{f}
	}
	return c
}

// misread reports a configuration that does not load. What it consists of is not known then.
func (v *validation) misread(schema checked, err error) {
	v.Findings = findingsOf(err)
	schema.Status, schema.findings = receiver.CheckFailed, v.Findings
	schema.Problem = counted(len(v.Findings), "fault") + ", listed in findings"
	v.add(schema)
	names := map[receiver.Level]string{
		receiver.LevelBuild: "components", receiver.LevelBind: "ports and sockets", receiver.LevelConnect: "backends",
	}
	for _, level := range receiver.Levels()[1 : slices.Index(receiver.Levels(), v.Level)+1] {
		v.add(checked{Level: level, Name: names[level], Status: receiver.CheckSkipped})
	}
}
