package catalog

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"

	"github.com/otlpctl/otlpctl/receiver/export/otlp"
	"github.com/otlpctl/otlpctl/receiver/export/otlphttp"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// export finds out what an address makes of an export: by the protocol that should be spoken there, in plain text or over TLS, and
// if that is not understood by others.
func (p *Prober) export(ctx context.Context, addr string, r *Probe) {
	r.Export, r.Problem = p.attempt(ctx, r.Protocol, addr, false)
	if r.Export == ExportForeign && p.speaksTLS(ctx, addr) {
		r.TLS = true
		r.Export, r.Problem = p.attempt(ctx, r.Protocol, addr, true)
	}
	if r.Export != ExportForeign {
		r.Speaks = r.Protocol
		return
	}
	other := SpeaksGRPC
	if r.Protocol == SpeaksGRPC {
		other = SpeaksHTTP
	}
	switch verdict, problem := p.attempt(ctx, other, addr, r.TLS); verdict {
	case ExportForeign:
	case ExportUntrusted: // by neither protocol does it come to more than a handshake
		r.Export, r.Problem = verdict, problem
		return
	default:
		r.Speaks = other
		return
	}
	if h := p.health(ctx, addr, ""); h.Version != "" {
		r.Speaks = SpeaksAdmin
	}
}

// attempt sends an empty request for the first signal that is taken there.
func (p *Prober) attempt(ctx context.Context, protocol, addr string, secure bool) (verdict, problem string) {
	conf := tlsconf.Client{Insecure: true}
	if secure {
		conf = p.TLS
	}
	e, err := exporterTo(protocol, addr, conf)
	if err != nil {
		return verdictOf(err, secure)
	}
	for _, sig := range []wire.Signal{wire.Traces, wire.Metrics, wire.Logs} {
		if err = p.send(ctx, e, sig); !isMissing(err) {
			break
		}
	}
	_ = e.Close(ctx) // nothing is on the way
	return verdictOf(err, secure)
}

// prober is what exporters are here.
type prober interface {
	Probe(ctx context.Context, sig wire.Signal) error
	Close(ctx context.Context) error
}

func exporterTo(protocol, addr string, secure tlsconf.Client) (prober, error) {
	pool, log := mem.DefaultBufferPool(), slog.New(slog.DiscardHandler)
	if protocol == SpeaksGRPC {
		conf := otlp.DefaultConfig()
		conf.Endpoint, conf.TLS, conf.Compression = addr, secure, "none"
		return otlp.New(conf, pool, log)
	}
	conf := otlphttp.DefaultConfig()
	conf.Endpoint, conf.TLS, conf.Compression = "https://"+addr, secure, "none"
	if secure.Plaintext() {
		conf.Endpoint = "http://" + addr
	}
	return otlphttp.New(conf, pool, log)
}

func (p *Prober) send(ctx context.Context, e prober, sig wire.Signal) error {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	return e.Probe(ctx, sig)
}

// isMissing reports whether a signal is not taken, where others may be.
func isMissing(err error) bool {
	if answer, ok := errors.AsType[*otlphttp.StatusError](err); ok {
		return answer.Code == http.StatusNotFound
	}
	return codeOf(err) == codes.Unimplemented && !strings.Contains(err.Error(), "HTTP status code")
}

// grpcError is an error with the status of a call.
type grpcError interface {
	error
	GRPCStatus() *status.Status
}

// codeOf returns the code of a call, or Unknown of what is none.
func codeOf(err error) codes.Code {
	if call, ok := errors.AsType[grpcError](err); ok {
		return call.GRPCStatus().Code()
	}
	return codes.Unknown
}

// verdictOf sorts what an attempt has come to.
func verdictOf(err error, secure bool) (verdict, problem string) {
	if err == nil {
		return ExportOK, ""
	}
	problem, _, _ = strings.Cut(strings.Join(strings.Fields(err.Error()), " "), "; hint: ") // that is about the keys of an exporter
	if _, rest, ok := strings.Cut(problem, ": "); ok && strings.HasPrefix(problem, "export to ") {
		problem = rest // the address is known
	}
	switch {
	case secure && isMistrust(problem):
		return ExportUntrusted, problem
	case isDenial(err):
		return ExportDenied, problem
	case isForeign(err):
		return ExportForeign, problem
	}
	return ExportRefused, problem
}

func isMistrust(problem string) bool {
	return !strings.Contains(problem, "no application protocol") && (strings.Contains(problem, "x509:") || strings.Contains(problem, "tls:"))
}

func isDenial(err error) bool {
	if answer, ok := errors.AsType[*otlphttp.StatusError](err); ok {
		return answer.Code == http.StatusUnauthorized || answer.Code == http.StatusForbidden
	}
	code := codeOf(err)
	return code == codes.Unauthenticated || code == codes.PermissionDenied
}

// isForeign reports whether what has answered does not know OTLP, by this protocol.
func isForeign(err error) bool {
	if answer, ok := errors.AsType[*otlphttp.StatusError](err); ok {
		switch answer.Code {
		case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType, http.StatusNotImplemented:
			return true
		}
		return answer.Code/100 == 3
	}
	call, ok := errors.AsType[grpcError](err)
	if !ok {
		return true // a connection that came to nothing
	}
	switch s := call.GRPCStatus(); s.Code() {
	case codes.Unimplemented, codes.DeadlineExceeded:
		return true
	case codes.Unavailable:
		return strings.Contains(s.Message(), "connection error") || strings.Contains(s.Message(), "error reading")
	case codes.Internal, codes.Unknown:
		return strings.Contains(s.Message(), "HTTP")
	default:
		return false
	}
}
