package term

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// person answers on a terminal what is asked there.
type person struct {
	keyboard *os.File
	answer   string
	screen   bytes.Buffer
}

func (p *person) Write(text []byte) (int, error) {
	if strings.HasSuffix(string(text), "? ") {
		// Typing ahead would be seen: the echo is off only once the question is asked.
		_, err := p.keyboard.WriteString(p.answer)
		if err != nil {
			return 0, err
		}
	}
	return p.screen.Write(text)
}

func echoes(t *testing.T, tty *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

func TestQuestions(t *testing.T) {
	keyboard, tty := openTerminalAndKeyboard(t, 80)
	p := &person{keyboard: keyboard}
	s := Streams{In: tty, Out: newOutput(new(discard), environment("")), Err: newOutput(tty, environment(""))}
	s.Err.Writer = p
	if !s.Asks() {
		t.Fatal("nobody is asked on a terminal")
	}
	p.answer = "one\ntwo\n"
	for _, want := range []string{"one", "two"} {
		got, err := s.Ask(t.Context(), "which?")
		if err != nil || got != want {
			t.Errorf("%q %v, want %q", got, err, want)
		}
		p.answer = ""
	}
	p.answer = "pass word é\n"
	got, err := s.Secret(t.Context(), "what?")
	if err != nil || got != "pass word é" || strings.Contains(p.screen.String(), "pass") || !echoes(t, tty) {
		t.Errorf("%q %v, screen %q", got, err, p.screen.String())
	}
}

// Whoever interrupts a question gets a terminal back that shows what is typed.
func TestAnInterruptedSecret(t *testing.T) {
	_, tty := openTerminalAndKeyboard(t, 80)
	s := Streams{In: tty, Out: newOutput(new(discard), environment("")), Err: newOutput(tty, environment(""))}
	ctx, cancel := context.WithCancel(t.Context())
	asked := make(chan error)
	go func() {
		_, err := s.Secret(ctx, "what?")
		asked <- err
	}()
	for echoes(t, tty) { // until it waits
	}
	cancel()
	if err := <-asked; err == nil || !echoes(t, tty) {
		t.Errorf("%v, echo %v", err, echoes(t, tty))
	}
}

func TestNobodyToAsk(t *testing.T) {
	s := Plain(strings.NewReader("y\n"), new(discard), new(discard))
	if s.Asks() {
		t.Error("a pipe is asked")
	}
	if _, err := s.Ask(t.Context(), "?"); err == nil {
		t.Error("a pipe answers")
	}
	if _, err := s.Secret(t.Context(), "?"); err == nil {
		t.Error("a pipe tells")
	}
}
