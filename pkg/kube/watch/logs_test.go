package watch

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// lines is a log of these seconds after noon.
func lines(seconds ...string) string {
	var b strings.Builder
	for _, s := range seconds {
		b.WriteString("2026-01-01T12:00:" + s + "Z line " + s + "\n")
	}
	return b.String()
}

func text(s string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(s)), nil }
}

// collected collects lines as "pod text".
func collected(c *cluster) (l Logs, got *[]string, notes *[]string) {
	got, notes = new([]string), new([]string)
	return Logs{
		API: c, Namespace: "ns", Name: "d",
		Line: func(line LogLine) error {
			if line.Time.IsZero() {
				c.t.Errorf("%q has no time", line.Text)
			}
			*got = append(*got, line.Pod+" "+line.Text)
			return nil
		},
		Note: func(text string) { *notes = append(*notes, text) },
	}, got, notes
}

func TestReadLogs(t *testing.T) {
	c := begun(t)
	c.put("pods", pod("p", isReady))
	c.put("pods", pod("q", isReady))
	c.put("pods", pod("starts", isNew))
	c.logs["p"] = text(lines("01", "04") + "no time\n" + lines("05"))
	c.logs["q"] = text(lines("02", "03", "06"))
	l, got, notes := collected(c)
	tail := int64(5)
	l.Tail, l.Since = &tail, time.Minute
	if err := l.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"p line 01", "q line 02", "q line 03", "p line 04", "p no time", "p line 05", "q line 06"}
	if !slices.Equal(*got, want) || len(*notes) != 1 {
		t.Errorf("%q, want %q; notes %q", *got, want, *notes)
	}
	if c.requests("sinceSeconds=60&tailLines=5") != 3 {
		t.Errorf("asked %q", c.asked)
	}
}

func TestReadNoLogs(t *testing.T) {
	f := func(l Logs, want string) {
		t.Helper()
		c := begun(t)
		c.put("pods", pod("p", isReady))
		c.logs["p"] = text("")
		l.API, l.Namespace, l.Name, l.Note = c, "ns", "d", func(string) {}
		if err := l.Read(t.Context()); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	f(Logs{Container: "sidecar"}, `the pods have no container "sidecar", but otlp-receiver`)
	f(Logs{Previous: true}, "no container of deployment/d in ns has ended before")
}

// follow follows logs in a bubble. What happens meanwhile may end it.
func follow(t *testing.T, c *cluster, meanwhile func(cancel func())) (got []string, err error) {
	t.Helper()
	l, lines, _ := collected(c)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error)
	go func() { ended <- l.Follow(ctx) }()
	synctest.Wait()
	meanwhile(cancel)
	err = <-ended
	return *lines, err
}

// Streams break in the middle, and the next one begins with what was read already.
func TestFollowBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := begun(t)
		c.put("pods", pod("p", isReady))
		streams := []string{lines("01", "02", "02"), lines("02", "02", "02", "03"), lines("03", "04")}
		c.logs["p"] = func() (io.ReadCloser, error) {
			if len(streams) == 0 {
				return nil, errRefused
			}
			next := streams[0]
			streams = streams[1:]
			return io.NopCloser(strings.NewReader(next)), nil
		}
		got, err := follow(t, c, func(cancel func()) {
			time.Sleep(time.Minute)
			cancel()
		})
		want := []string{"p line 01", "p line 02", "p line 02", "p line 02", "p line 03", "p line 04"}
		if !slices.Equal(got, want) || !errors.Is(err, context.Canceled) {
			t.Errorf("%q %v, want %q", got, err, want)
		}
		if c.requests("sinceTime=2026-01-01T12%3A00%3A04Z") == 0 {
			t.Errorf("asked for all of it again: %q", c.asked)
		}
	})
}

// New pods are followed from their beginning, and all ends with the Deployment and its pods.
func TestFollowPods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := begun(t)
		c.put("pods", pod("p", isReady))
		c.logs["p"], c.logs["q"] = text(lines("01")), text(lines("02"))
		got, err := follow(t, c, func(func()) {
			c.put("pods", pod("q", isReady))
			synctest.Wait()
			c.remove("pods", "p")
			c.remove("deployments", "d")
			synctest.Wait()
			c.remove("pods", "q")
		})
		if want := []string{"p line 01", "q line 02"}; !slices.Equal(got, want) || err != nil {
			t.Errorf("%q %v, want %q", got, err, want)
		}
	})
}

// A container that was restarted goes on in the same place, and one that came and went is not missed.
func TestFollowRestarts(t *testing.T) {
	status := func(id string, restarts string) string {
		return `containerStatuses: [{name: otlp-receiver, containerID: ` + id + `, restartCount: ` + restarts + `, state: {terminated: {exitCode: 1}}}]`
	}
	synctest.Test(t, func(t *testing.T) {
		c := begun(t)
		c.put("pods", pod("p", status("a", "0")))
		c.logs["p"] = text(lines("01"))
		got, _ := follow(t, c, func(cancel func()) {
			time.Sleep(time.Minute)
			if n := c.requests("/log"); n != 1 {
				t.Errorf("a log that had ended was read %d times", n)
			}
			c.mu.Lock()
			c.logs["p"], c.logs["p previous"] = text(lines("03")), text(lines("02"))
			c.mu.Unlock()
			c.put("pods", pod("p", status("c", "2")))
			time.Sleep(time.Minute)
			cancel()
		})
		if want := []string{"p line 01", "p line 02", "p line 03"}; !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	})
}

func TestFollowEndsWithItsReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := begun(t)
		c.put("pods", pod("p", isReady))
		c.logs["p"] = text(lines("01"))
		full := errors.New("broken pipe")
		l := Logs{API: c, Namespace: "ns", Name: "d", Line: func(LogLine) error { return full }}
		if err := l.Follow(t.Context()); !errors.Is(err, full) {
			t.Errorf("%v, want %v", err, full)
		}
	})
}

func TestLogLine(t *testing.T) {
	f := func(log string, want ...string) {
		t.Helper()
		r := newLogReader("p", strings.NewReader(log))
		var got []string
		for {
			line, err := r.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, line.Text)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", log, got, want)
		}
	}
	f("")
	f("2026-01-01T12:00:00.5Z a b\n2026-01-01T12:00:00+02:00 \n", "a b", "")
	f("2026-01-01T12:00:00Z cut off", "cut off")
	f("no time\r\n\n", "no time", "")
	long := strings.Repeat("x", 2*longestLine)
	f(long+"\nnext\n", long[:longestLine], "next")
}

// Whatever a container prints, a line is one line and not endless.
func FuzzLogLine(f *testing.F) {
	f.Add(lines("01", "02", "02") + "none\n2026-01-01T12:00:03Z cut off")
	f.Fuzz(func(t *testing.T, log string) {
		var s seen
		wasSeen := s.resume()
		for r := newLogReader("p", strings.NewReader(log)); ; {
			line, err := r.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil || strings.Contains(line.Text, "\n") || len(line.Text) > longestLine {
				t.Fatalf("%v, a line of %d bytes: %.80q", err, len(line.Text), line.Text)
			}
			if !wasSeen(line.Time) {
				s.add(line.Time)
			}
		}
	})
}
