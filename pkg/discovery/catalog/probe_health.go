package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// mostStatus is how much of what an admin port tells is read, in bytes.
const mostStatus = 4 << 20

// errSpeaksTLS says that an admin port is to be asked over TLS.
var errSpeaksTLS = errors.New("it speaks TLS only")

// health asks an admin port. Of the identifiers that the process has in Consul, those of the service count.
func (p *Prober) health(ctx context.Context, addr, service string) *Health {
	h, err := p.askHealth(ctx, "http://"+addr)
	base := "http://" + addr
	if errors.Is(err, errSpeaksTLS) {
		base = "https://" + addr
		h, err = p.askHealth(ctx, base)
	}
	if err != nil {
		return &Health{Problem: err.Error()}
	}
	p.askStatus(ctx, base, service, h)
	return h
}

func (p *Prober) askHealth(ctx context.Context, base string) (*Health, error) {
	code, text, err := p.get(ctx, base+"/health", 1<<10)
	if err != nil {
		return nil, err
	}
	said := strings.Join(strings.Fields(string(text)), " ")
	if code == http.StatusBadRequest && strings.Contains(said, "HTTPS server") {
		return nil, errSpeaksTLS
	}
	h := &Health{Answers: true, Healthy: code == http.StatusOK}
	if !h.Healthy {
		h.Problem = strings.TrimSpace(http.StatusText(code) + ": " + said)
	}
	return h, nil
}

// askStatus adds what the process tells about itself, if it is one that does.
func (p *Prober) askStatus(ctx context.Context, base, service string, h *Health) {
	code, text, err := p.get(ctx, base+"/status", mostStatus)
	if err != nil || code != http.StatusOK {
		return
	}
	var told struct {
		Version       string
		Config        struct{ Hash string }
		Registrations []struct {
			Registry, Service, ID string
			Registered            bool
		}
	}
	if json.Unmarshal(text, &told) != nil {
		return // another program
	}
	h.Version, h.ConfigHash = told.Version, told.Config.Hash
	for _, r := range told.Registrations {
		if r.Registry == "consul" && r.Registered && r.Service == service {
			h.IDs = append(h.IDs, r.ID)
		}
	}
}

func (p *Prober) get(ctx context.Context, target string, most int64) (code int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return 0, nil, err
	}
	answer, err := p.client.Do(request)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err // it repeats the URL
		}
		return 0, nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(answer.Body, most))
	return answer.StatusCode, body, err
}
