package conformance

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
)

func checkE6(ctx context.Context, p *probe) {
	p.backsOff(ctx)
	p.jitters(ctx)
	for _, overHTTP := range []bool{false, true} {
		p.reconnects(ctx, overHTTP)
	}
	p.say("growing waits with jitter; refused and broken connections are retried")
}

// backsOff asks whether each wait is longer than the one before. Without jitter, waits are not shorter than configured.
func (p *probe) backsOff(ctx context.Context) {
	s := p.start(ctx, setup{with: settings{"exporter.retry_on_failure": settings{
		"enabled": true, "initial_interval": "40ms", "multiplier": 4, "randomization_factor": 0, "max_interval": "10s",
	}}})
	j := s.keep(func(_ context.Context, _ uint64, attempt int) sink.Answer {
		if attempt < 4 {
			return sink.Answer{Code: codes.Unavailable, Message: "busy"}
		}
		return sink.Answer{}
	})
	s.numberedSpan(ctx, 1)
	gaps := j.gaps(1)
	grown := len(gaps) == 3
	for i := range gaps {
		grown = grown && gaps[i] >= 40*time.Millisecond<<(2*i)
	}
	p.want(grown, "waits", "do not grow")
}

// jitters asks whether waits vary: of many waits, some must be shorter than what is configured.
func (p *probe) jitters(ctx context.Context) {
	const requests, interval = 30, time.Second
	s := p.start(ctx, setup{with: settings{"exporter.retry_on_failure": settings{
		"enabled": true, "initial_interval": interval.String(), "multiplier": 1, "max_interval": interval.String(),
	}}})
	j := s.keep(once(func(uint64) sink.Answer { return sink.Answer{Code: codes.Unavailable, Message: "busy"} }))
	var all sync.WaitGroup
	for i := range requests {
		all.Go(func() { s.numberedSpan(ctx, uint64(i+1)) })
	}
	all.Wait()
	shorter := false
	for i := range requests {
		shorter = shorter || slices.ContainsFunc(j.gaps(uint64(i+1)), func(gap time.Duration) bool { return gap < interval })
	}
	p.want(shorter, "waits", "do not vary")
}

// reconnects asks whether what gets no answer is sent again: the backend breaks off, then refuses connections for a while.
func (p *probe) reconnects(ctx context.Context, overHTTP bool) {
	behind := p.sink(ctx)
	upstream := behind.GRPC()
	if overHTTP {
		upstream = behind.HTTPAddr()
	}
	proxy := p.proxy(ctx, upstream)
	endpoint := proxy.Addr()
	if overHTTP {
		endpoint = "http://" + endpoint
	}
	s := p.start(ctx, setup{overHTTP: overHTTP, behind: behind, endpoint: endpoint, with: retrying()})
	s.keep(func(ctx context.Context, _ uint64, attempt int) sink.Answer {
		if attempt == 1 {
			proxy.Cut()
			<-ctx.Done() // the answer has nowhere to go
		}
		return sink.Answer{}
	})
	p.want(s.numberedSpan(ctx, 1) == codes.OK, s.proto()+":", "what is cut off before the answer is not retried")

	proxy.Refuse()
	proxy.Cut()
	code := make(chan codes.Code, 1)
	go func() { code <- s.numberedSpan(ctx, 2) }()
	p.need(eventually(ctx, answerLimit, func() bool { return s.logged(p.system.failing) }), "the process does not say that it fails")
	p.must(proxy.Accept(ctx))
	p.want(<-code == codes.OK, s.proto()+":", "a refused connection is not retried")
}

func checkE10(ctx context.Context, p *probe) {
	const consumers, delay = 3, 2 * time.Second
	s := p.start(ctx, setup{with: join(queued(100, consumers), retrying())})
	j := s.keep(once(func(uint64) sink.Answer { return sink.RetryLater(delay) }))
	s.numberedSpan(ctx, 1)
	p.need(eventually(ctx, answerLimit, func() bool { return s.logged(p.system.failing) }), "the process does not say that it fails")
	const last = consumers + 1
	for n := range uint64(last - 1) {
		s.numberedSpan(ctx, n+2)
	}
	p.need(eventually(ctx, lineLimit, func() bool {
		for n := range uint64(last) {
			if j.attempts(n+1) < 2 {
				return false
			}
		}
		return true
	}), "not everything is sent in the end")

	began := j.times(1)[0]
	during := 0 // requests that come while the backend has asked for patience
	for n := range uint64(last) {
		p.want(waited(j.gaps(n+1), delay), "the request that was throttled", "is sent again too soon")
		if j.times(n + 1)[0].Sub(began) < delay {
			during++
		}
	}
	p.want(during <= consumers, "a consumer that was throttled", "sends something else at once")
	if during == 1 {
		p.note("the whole exporter waits")
	} else {
		p.note("each consumer waits by itself, the others go on: %d requests instead of one", during)
	}
}

func checkE11(ctx context.Context, p *probe) {
	const consumers, requests = 3, 9
	s := p.start(ctx, setup{with: join(queued(100, consumers), retrying(), p.system.drain)})
	var mu sync.Mutex
	flying, most := 0, 0
	full := make(chan struct{})
	allBusy := sync.OnceFunc(func() { close(full) })
	s.keep(func(ctx context.Context, _ uint64, _ int) sink.Answer {
		mu.Lock()
		flying++
		if most = max(most, flying); flying == consumers {
			allBusy()
		}
		mu.Unlock()
		select {
		case <-full:
		case <-ctx.Done():
		}
		mu.Lock()
		defer mu.Unlock()
		flying--
		return sink.Answer{}
	})
	for n := range uint64(requests) {
		s.numberedSpan(ctx, n+1)
	}
	p.want(eventually(ctx, answerLimit, func() bool { return s.behind.Items(signal.Traces) >= requests }), "", "not everything arrives")
	p.want(most == consumers, "", fmt.Sprintf("%d consumers are configured, and %d requests are sent at a time", consumers, most))

	s.hang()
	s.numberedSpan(ctx, requests+1)
	p.must(s.proc.Signal(syscall.SIGTERM))
	ended := eventually(ctx, answerLimit, func() bool { return !s.proc.Running() })
	p.want(ended, "", "a backend that hangs holds up the shutdown")
	p.want(s.logged(p.system.gaveUp), "", "what is lost at shutdown is not recorded")
	p.say("num_consumers is exact; %s bounds the shutdown; the log has what was lost", p.system.bound)
}

func checkE12(ctx context.Context, p *probe) {
	stuck := p.sink(ctx)
	other := exporterTo(stuck.GRPC())
	small := settings{"enabled": true, "queue_size": 1, "num_consumers": 1}
	other["sending_queue"] = small
	s := p.start(ctx, setup{exporters: []string{"otlp", "otlp/stuck"}, with: join(queued(1000, 1), settings{"exporters.otlp/stuck": other})})
	stuck.Answer(func(ctx context.Context, _ sink.Request) sink.Answer {
		<-ctx.Done()
		return sink.Answer{Code: codes.Unavailable}
	})
	const requests = 20
	for n := range uint64(requests) {
		s.numberedSpan(ctx, n+1) // refused or not: the stuck exporter's queue is full soon
	}
	arrived := eventually(ctx, answerLimit, func() bool { return s.behind.Items(signal.Traces) >= requests })
	p.want(arrived, "", "the healthy destination does not get everything")
	p.say("the healthy destination gets everything while the other one hangs")
}
