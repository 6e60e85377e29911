package debug

import (
	"strings"
	"testing"
)

// The defaults are those of the Collector, but for the output.
func TestDefaults(t *testing.T) {
	c := DefaultConfig()
	if c.Verbosity != Basic || c.SamplingInitial != 2 || c.SamplingThereafter != 1 || c.OutputPaths != nil {
		t.Errorf("%+v", c)
	}
	s := c.Settings()
	if !s.Queue.Enabled || s.Queue.NumConsumers != 1 || s.Queue.QueueSize != 1000 || s.Retry.Enabled {
		t.Errorf("%+v", s)
	}
}

func TestVerbosityText(t *testing.T) {
	f := func(text string, want Verbosity) {
		t.Helper()
		var v Verbosity
		if err := v.UnmarshalText([]byte(text)); err != nil || v != want {
			t.Errorf("%s is %q, %v", text, v, err)
		}
	}
	f("basic", Basic)
	f("Normal", Normal)
	f("DETAILED", Detailed)
	var v Verbosity
	if err := v.UnmarshalText([]byte("none")); err == nil || err.Error() != `"none" is no verbosity: one of basic, normal, detailed` {
		t.Errorf("error %v", err)
	}
	if _, err := New(Config{Verbosity: "loud"}, Streams{}, nil); err == nil {
		t.Error("a verbosity that does not exist was taken")
	}
}

func TestValidate(t *testing.T) {
	f := func(change func(*Config), want string) {
		t.Helper()
		c := DefaultConfig()
		change(&c)
		err := c.Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%+v: %v, want %s", c, err, want)
		}
	}
	f(func(*Config) {}, "")
	f(func(c *Config) { c.OutputPaths = []string{"stderr"} }, "")
	f(func(c *Config) { c.UseInternalLogger = true }, "")
	f(func(c *Config) { c.OutputPaths = []string{} }, "output_paths: must name at least one output")
	f(func(c *Config) { c.UseInternalLogger, c.OutputPaths = true, []string{"stderr"} }, "output_paths: does not go with use_internal_logger")
}

// The old name's old key means what it meant.
func TestLogging(t *testing.T) {
	f := func(level string, v, want Verbosity) {
		t.Helper()
		c := DefaultLoggingConfig()
		c.LogLevel, c.Verbosity = level, v
		if err := c.Validate(); err != nil {
			t.Error(err)
		}
		if got := c.Debug().Verbosity; got != want {
			t.Errorf("loglevel %q, verbosity %q: %s, want %s", level, v, got, want)
		}
	}
	f("", "", Normal)
	f("debug", "", Detailed)
	f("info", "", Normal)
	f("warn", "", Basic)
	f("error", "", Basic)
	f("", Basic, Basic)
	c := DefaultLoggingConfig()
	c.LogLevel, c.Verbosity = "info", Detailed
	if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), "loglevel: ") {
		t.Errorf("both keys: %v", err)
	}
}
