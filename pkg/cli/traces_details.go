package cli

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/pkg/store/waterfall"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// mostEvents is how many events of a span are shown.
const mostEvents = 3

// spanEvent is an event as a row has it.
type spanEvent struct {
	Time       uint64                     `json:"time_unix_nano"`
	Name       string                     `json:"name"`
	Attributes map[string]json.RawMessage `json:"attributes"`
}

// The names that semantic conventions give to exceptions.
const (
	exceptionEvent   = "exception"
	exceptionType    = "exception.type"
	exceptionMessage = "exception.message"
)

// details says below a span why it failed, and what has happened in it.
func (p *waterfallPage) details(line waterfall.Line) {
	n := line.Node
	if message := string(n.Span.StatusMessage); message != "" && n.Failed() {
		p.detail(line, term.Error, message)
	}
	var events []spanEvent
	if json.Unmarshal(n.Span.Events, &events) != nil {
		return // there are none
	}
	shown := 0
	for _, exceptions := range []bool{true, false} { // the former first
		for _, e := range events {
			if (e.Name == exceptionEvent) != exceptions || shown == mostEvents {
				continue
			}
			shown++
			style := term.Dim
			if exceptions {
				style = term.Error
			}
			p.detail(line, style, e.text(n.Start))
		}
	}
	if rest := len(events) - shown; rest > 0 {
		p.detail(line, term.Dim, "… "+counted(rest, "more event"))
	}
}

// text returns an event, and how long after the start of its span it was.
func (e *spanEvent) text(start int64) string {
	text := e.Name
	if e.Name == exceptionEvent {
		var words []string
		for _, key := range []string{exceptionType, exceptionMessage} {
			if v := e.Attributes[key]; v != nil {
				var word string
				if json.Unmarshal(v, &word) != nil {
					word = string(v)
				}
				words = append(words, word)
			}
		}
		if len(words) > 0 {
			text = strings.Join(words, ": ")
		}
	}
	if after := int64(e.Time) - start; after >= 0 && e.Time > 0 {
		text = "+" + spanTime(time.Duration(after)) + " " + text
	}
	return text
}

// detail writes a line below that of a span, under its name.
func (p *waterfallPage) detail(line waterfall.Line, style term.Style, text string) {
	guides := p.guides(line.Guides, false)
	if len(line.Node.Children) > 0 {
		guides += "│ "
	} else {
		guides += "  "
	}
	room := p.width - term.Width(guides)
	p.line(p.out.Paint(term.Dim, guides) + p.out.Paint(style, term.Cut(oneLine(p.out, text), room)))
}
