package e2e_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/pdata"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const (
	requestedReloads = 990 // by SIGHUP and by POST /reload in turn
	foundReloads     = 10  // by a file that was replaced and by a link that was swapped, in turn
	warmReloads      = 100 // until memory, goroutines and files are as they will be
	sampleEvery      = 5
)

// A thousand changes of the configuration under load, every other one of them invalid. No connection is refused, no
// request fails, every acknowledged item arrives, the books balance, and nothing is left behind.
func TestThousandReloads(t *testing.T) {
	t.Parallel()
	one, two := sink.Run(t), sink.Run(t)
	config := changing(t.TempDir(), one, two)
	overlay := mount(t, "overlay.yaml", overlayText(0))
	s := start(t, "otlpctl", otlpctl(t), []string{"serve", "--config", overlay.path(), "--config"}, config.text())
	s.waitReady(t)
	l := sendThrough(t, s, pace{items: 3, every: 20 * time.Millisecond}, everyClient())
	flowing(t, one)

	r := &reloading{server: s, config: config, mistakes: mistakes(two)}
	began := time.Now()
	for range requestedReloads {
		r.request(t)
	}
	requested := time.Since(began)
	r.wantStable(t)
	began = time.Now()
	r.watch(t, overlay)
	t.Logf("%d reloads on request took %s, %d by a look at files %s", requestedReloads, requested.Round(time.Millisecond),
		foundReloads, time.Since(began).Round(time.Millisecond))

	r.wantCounted(t)
	l.finish()
	retries := int64(0)
	for _, e := range s.status(t).Exporters {
		retries += e.Retries
	}
	wantCleanExit(t, s)
	l.wantAllAcked(t)
	for sig, v := range l.verdicts(one, two) {
		t.Logf("%s: %s", sig, v)
		if len(v.Missing) > 0 || v.Acked == 0 || retries == 0 && v.Duplicates > 0 {
			t.Errorf("%s: %s; %d retries", sig, v, retries)
		}
	}
	wantBalancedReceipt(t, s, l, config.value("$FILE"), one, two)
}

// everyClient is each kind of client there is. Those over gRPC have a connection of their own.
func everyClient() []client.Target {
	return []client.Target{
		{Protocol: signal.GRPC},
		{Protocol: signal.GRPC, Coding: "gzip"},
		{Protocol: signal.HTTPProtobuf},
		{Protocol: signal.HTTPJSON, Coding: "zstd"},
		{Protocol: signal.HTTPProtobuf, Fresh: true},
		{Protocol: signal.HTTPJSON, Fresh: true, Coding: "gzip"},
		{Protocol: signal.HTTPProtobuf, HTTP2: true, Coding: "gzip"},
		{Protocol: signal.HTTPJSON, HTTP2: true},
	}
}

// reloading drives one server through its reloads and keeps count of them.
type reloading struct {
	*server

	config   *series
	mistakes []mistake
	done     int64 // reloads that were asked for
	failed   int64 // those of them that had to fail
	samples  []sample
}

// sample is what the process takes up at one moment.
type sample struct{ rss, goroutines, files int64 }

// request makes one change, valid and invalid ones in turn, and asks for it in one of two ways.
func (r *reloading) request(t *testing.T) {
	t.Helper()
	m, report := r.change(t, r.done%2 == 0)
	post := r.done/2%2 == 0
	r.done++
	if post {
		code, answer := r.postReload(t)
		if want := map[bool]int{true: http.StatusOK, false: http.StatusUnprocessableEntity}[m == nil]; code != want {
			t.Fatalf("reload %d is answered with %d: %s", r.done, code, answer)
		}
	} else {
		r.hangUp(t)
	}
	st := r.waitReloads(t, r.done)
	r.wantOutcome(t, st, m, report)
	if st.Config.Failed != r.failed || st.Config.Generation != 1+r.done-r.failed {
		t.Fatalf("reload %d: %+v", r.done, st.Config)
	}
	if r.done > warmReloads && r.done%sampleEvery == 0 {
		r.sample(t)
	}
}

// change writes the next configuration. An invalid one has the mistake.
func (r *reloading) change(t *testing.T, valid bool) (m *mistake, report string) {
	t.Helper()
	if valid {
		r.config.turn()
		replace(t, r.file, r.addressed(r.config.text()))
		return nil, ""
	}
	m = &r.mistakes[r.failed%int64(len(r.mistakes))]
	r.failed++
	text, report := m.make(t, r.server, r.config.text())
	replace(t, r.file, text)
	return m, report
}

// wantOutcome checks that a mistake is shown with its place, and nothing after a valid change.
func (r *reloading) wantOutcome(t *testing.T, st status, m *mistake, report string) {
	t.Helper()
	switch {
	case m == nil && st.Config.Problem != "":
		t.Fatalf("reload %d: %s\n%s", r.done, st.Config.Problem, r.config.text())
	case m != nil && !r.showsMistake(st, m, report):
		t.Fatalf("reload %d, %s: the problem is %q, want %q and %q", r.done, m.name, st.Config.Problem, report, m.problem)
	}
}

func (r *reloading) showsMistake(st status, m *mistake, report string) bool {
	return st.Config.Problem != "" && strings.HasPrefix(st.Config.Problem, report) && strings.Contains(st.Config.Problem, m.problem)
}

func (r *reloading) sample(t *testing.T) {
	t.Helper()
	u, err := r.Usage()
	if err != nil {
		t.Fatal(err)
	}
	r.samples = append(r.samples, sample{rss: u.RSS, goroutines: int64(r.metric(t, "go_goroutines")), files: int64(u.FDs)})
}

// wantStable compares what the process takes up after it has warmed up with what it does in the end. It is under load
// all the time, so that single figures say little: medians are compared, over a whole round of the series or more.
func (r *reloading) wantStable(t *testing.T) {
	t.Helper()
	n := len(r.samples) / 5
	first, last := r.samples[:n], r.samples[len(r.samples)-n:]
	f := func(what string, slack int64, unit string, of func(sample) int64) {
		t.Helper()
		a, b := median(first, of), median(last, of)
		t.Logf("%s: %d%s after %d reloads, %d%s after %d", what, a, unit, warmReloads, b, unit, r.done)
		if b > a+slack {
			t.Errorf("%s grew from %d%s to %d%s", what, a, unit, b, unit)
		}
	}
	f("RSS", 12<<10, " KiB", func(s sample) int64 { return s.rss >> 10 })
	f("goroutines", 30, "", func(s sample) int64 { return s.goroutines })
	f("open files", 15, "", func(s sample) int64 { return s.files })
}

func median(samples []sample, of func(sample) int64) int64 {
	var all []int64
	for _, s := range samples {
		all = append(all, of(s))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// watch lets the receiver find changes by itself: of its file, which is replaced, and of its overlay, whose link is
// swapped. Each mistake is found, and then its repair.
func (r *reloading) watch(t *testing.T, overlay *mounted) {
	t.Helper()
	r.config.set("$WATCH", "true")
	replace(t, r.file, r.addressed(r.config.text()))
	if code, answer := r.postReload(t); code != http.StatusOK {
		t.Fatalf("POST /reload is answered with %d: %s", code, answer)
	}
	r.done++
	for i := range foundReloads {
		var m *mistake
		var report string
		before := r.status(t).Config.Generation
		switch {
		case i%4 < 2:
			m, report = r.change(t, i%4 == 1)
		case i%4 == 2:
			r.failed++
			m, report = &mistake{name: "overlay", problem: "unknown key"}, overlay.path()+":2:10: "
			overlay.update(t, "exporters:\n  otlp: {hedaers: {x-mounted: no}}\n")
		default:
			overlay.update(t, overlayText(i))
		}
		wait.For(t, watchLimit, fmt.Sprintf("change %d to be found", i), func() bool {
			st := r.status(t)
			if m != nil {
				return r.showsMistake(st, m, report)
			}
			return st.Config.Problem == "" && st.Config.Generation > before
		})
	}
}

// wantCounted holds the server's own counts against what was done. The receiver may find by itself what is asked for
// at the same moment, so that it has read the configuration more often; it says so in its log.
func (r *reloading) wantCounted(t *testing.T) {
	t.Helper()
	c := r.status(t).Config
	found := r.countLogged(t, "a configuration file has changed")
	refused := r.countLogged(t, "configuration not changed: the one in use stays")
	t.Logf("%d reloads, %d of them failed, generation %d", c.Reloads, c.Failed, c.Generation)
	if c.Reloads != r.done+found || c.Failed != refused || c.Failed < r.failed || c.Generation != 1+c.Reloads-c.Failed || found < foundReloads {
		t.Errorf("%+v; %d changes were found, %d were asked for, %d had to fail, the log has %d failures", c, found, r.done, r.failed, refused)
	}
	for series, want := range map[string]int64{
		"otlpctl_config_generation": c.Generation, `otlpctl_config_reloads_total{result="success"}`: c.Reloads - c.Failed,
		`otlpctl_config_reloads_total{result="failure"}`: c.Failed, "otlpctl_config_last_reload_successful": 1,
	} {
		if got := r.metric(t, series); got != float64(want) {
			t.Errorf("%s is %v, want %d", series, got, want)
		}
	}
}

// wantBalancedReceipt holds the receipt against what arrived: at the sinks, and in the file.
func wantBalancedReceipt(t *testing.T, s *server, l *loads, file string, behind ...*sink.Sink) {
	t.Helper()
	inFile := itemsIn(t, file)
	for _, a := range accountsOf(t, s) {
		if a.unexplained() != 0 || a.queued+a.rejected+a.dropped != 0 {
			t.Errorf("receipt %+v", a)
		}
		switch a.exporter {
		case "otlp":
			arrived := int64(0)
			for _, b := range behind {
				arrived += int64(b.Items(a.signal))
			}
			if acked := int64(len(l.each[a.signal].Acked())); a.accepted != acked || a.exported > arrived {
				t.Errorf("receipt %+v, but %d items were acknowledged, and %d arrived", a, acked, arrived)
			}
		case "file":
			if n := inFile[a.signal]; n == 0 || n != a.exported {
				t.Errorf("receipt %+v, but %d items are in the file", a, n)
			}
		}
	}
}

// itemsIn counts the items in a file of OTLP/JSON, a request on each line.
func itemsIn(t *testing.T, path string) map[signal.Signal]int64 {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	items := map[signal.Signal]int64{}
	for line := range bytes.Lines(text) {
		for _, sig := range signal.All() {
			wire, err := pdata.JSONToWire(sig, line)
			if err != nil {
				t.Fatalf("%s: %v: %.200s", path, err, line)
			}
			request := sig.NewRequest()
			if err := proto.Unmarshal(wire, request); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			items[sig] += int64(signal.Items(request))
		}
	}
	return items
}

func overlayText(version int) string {
	return "exporters:\n  otlp: {headers: {x-mounted: version-" + strconv.Itoa(version) + "}}\n"
}
