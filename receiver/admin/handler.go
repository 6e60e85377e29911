package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/pprof" //nolint:gosec // G108: it registers itself on a mux that nothing here serves; pages go to our own, on request
	"strings"
	"time"
)

// How long a client may take for the rest of a request and its answer. That is
// set for each of them, not for the server, as a profile takes its time.
const (
	answerTimeout  = 10 * time.Second
	profileTimeout = 10 * time.Minute
)

// page is one path and what it is for.
type page struct {
	path    string
	about   string
	handler http.Handler
}

// handler serves everything.
func handler(profiles bool, d Deps) http.Handler {
	pages := []page{
		{"/health", "is the process alive? (200 or 503)", health(d)},
		{"/ready", "does it take requests? (200 or 503)", ready(d)},
	}
	if !d.WithoutMetrics {
		pages = append(pages, metricsPage(d))
	}
	pages = append(pages, page{"/status", "all of its state, as JSON", status(d)})
	if profiles {
		pages = append(pages, page{"/debug/pprof/", "profiles, for go tool pprof", profileMux()})
	}
	if d.Reload != nil {
		pages = append(pages, page{reloadPath, "POST: read the configuration again", reload(d)})
	}
	return site(d.Build, pages)
}

// metricsHandler serves /metrics only.
func metricsHandler(d Deps) http.Handler { return site(d.Build, []page{metricsPage(d)}) }

func metricsPage(d Deps) page {
	return page{"/metrics", "its metrics, for Prometheus", exposition(newCollector(d, readProcess))}
}

// site serves pages, an index of them at /, and says so wherever else one looks.
func site(b Build, pages []page) http.Handler {
	var index strings.Builder
	for _, p := range pages {
		fmt.Fprintf(&index, "  %-14s %s\n", p.path, p.about)
	}
	mux := http.NewServeMux()
	for _, p := range pages {
		mux.Handle(p.path, p.handler)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if r.URL.Path != "/" {
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprintf(w, "There is no page %q. These exist:\n\n%s", r.URL.Path, &index)
			return
		}
		_, _ = fmt.Fprintf(w, "otlpctl %s\n\n%s", b.Version, &index)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		limit := time.Now().Add(answerTimeout)
		if strings.HasPrefix(r.URL.Path, "/debug/") {
			limit = time.Now().Add(profileTimeout)
		}
		connection := http.NewResponseController(w)
		_ = connection.SetReadDeadline(limit) // a server's connection has deadlines
		_ = connection.SetWriteDeadline(limit)
		if r.URL.Path == reloadPath {
			mux.ServeHTTP(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, r.Method+" changes nothing here: use GET", http.StatusMethodNotAllowed)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// profileMux serves what net/http/pprof has.
func profileMux() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

// probe is the answer to a probe.
type probe struct {
	Status string  `json:"status"`
	Reason string  `json:"reason,omitempty"`
	Uptime float64 `json:"uptime_seconds"`
	Build
}

func health(d Deps) http.Handler {
	return prober(d, "ok", "failed", d.Source.Health)
}

func ready(d Deps) http.Handler {
	return prober(d, "ready", "not ready", d.Source.Ready)
}

func prober(d Deps, good, bad string, ask func() (bool, string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		ok, why := ask()
		answer, code := probe{Status: good, Reason: why, Uptime: time.Since(d.Started).Seconds(), Build: d.Build}, http.StatusOK
		if !ok {
			answer.Status, code = bad, http.StatusServiceUnavailable
		}
		writeJSON(w, code, answer)
	})
}

func status(d Deps) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, report(d, time.Now(), readProcess()))
	})
}

func writeJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(v) // the client went away
}
