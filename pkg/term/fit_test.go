package term

import "testing"

func TestFit(t *testing.T) {
	f := func(text string, columns int, want string) {
		t.Helper()
		if got := Fit(text, columns); got != want || Width(got) != max(0, columns) {
			t.Errorf("Fit(%q, %d) = %q, want %q", text, columns, got, want)
		}
	}
	f("gateway", 10, "gateway   ")
	f("gateway", 7, "gateway")
	f("gateway", 6, "gatew…")
	f("gateway", 1, "…")
	f("gateway", 0, "")
	f("gateway", -1, "")
	f("日本語", 6, "日本語")
	f("日本語", 5, "日本…")
	f("日本語", 4, "日… ")
	f("", 2, "  ")
}
