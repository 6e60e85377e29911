package ingest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// cors answers browsers, which ask before they let a page send telemetry to
// another origin (the Fetch standard, "CORS protocol"). A nil cors lets no page in.
type cors struct {
	origins []string
	headers []string // lower case
	exposed string
	maxAge  string
}

func newCORS(cfg *CORSConfig) *cors {
	if cfg == nil || len(cfg.AllowedOrigins) == 0 {
		return nil
	}
	c := &cors{exposed: strings.Join(cfg.ExposedHeaders, ", ")}
	for _, origin := range cfg.AllowedOrigins {
		c.origins = append(c.origins, strings.ToLower(origin))
	}
	// Browsers always may set these, or need to for OTLP.
	c.headers = []string{"accept", "accept-language", "content-type", "content-language", "content-encoding"}
	for _, name := range cfg.AllowedHeaders {
		c.headers = append(c.headers, strings.ToLower(name))
	}
	if len(cfg.AllowedHeaders) == 0 {
		c.headers = append(c.headers, "x-requested-with")
	}
	if cfg.MaxAge > 0 {
		c.maxAge = strconv.Itoa(cfg.MaxAge)
	}
	return c
}

// answer sets what the browser has to know on the response. It returns true if
// the request was but the question whether another one may follow.
func (c *cors) answer(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if c == nil || origin == "" {
		return false
	}
	preflight := r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
	header := w.Header()
	header.Add("Vary", "Origin")
	if c.allows(origin) {
		if slices.Contains(c.origins, "*") {
			header.Set("Access-Control-Allow-Origin", "*")
		} else {
			header.Set("Access-Control-Allow-Origin", origin)
			header.Set("Access-Control-Allow-Credentials", "true")
		}
		switch {
		case preflight:
			c.permit(header, r.Header)
		case c.exposed != "":
			header.Set("Access-Control-Expose-Headers", c.exposed)
		}
	}
	if preflight {
		w.WriteHeader(http.StatusNoContent)
	}
	return preflight
}

// permit answers what the following request may look like.
func (c *cors) permit(answer, question http.Header) {
	answer.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
	answer.Set("Access-Control-Allow-Methods", http.MethodPost)
	var allowed []string
	for _, line := range question.Values("Access-Control-Request-Headers") {
		for name := range strings.SplitSeq(line, ",") {
			name = strings.ToLower(strings.TrimSpace(name))
			if slices.Contains(c.headers, "*") || slices.Contains(c.headers, name) {
				allowed = append(allowed, name)
			}
		}
	}
	if len(allowed) > 0 {
		answer.Set("Access-Control-Allow-Headers", strings.Join(allowed, ", "))
	}
	if c.maxAge != "" {
		answer.Set("Access-Control-Max-Age", c.maxAge)
	}
}

// allows reports whether pages of the origin may send telemetry.
func (c *cors) allows(origin string) bool {
	origin = strings.ToLower(origin)
	return slices.ContainsFunc(c.origins, func(pattern string) bool {
		before, after, wild := strings.Cut(pattern, "*")
		if !wild {
			return origin == pattern
		}
		return len(origin) >= len(before)+len(after) && strings.HasPrefix(origin, before) && strings.HasSuffix(origin, after)
	})
}
