package config

import "testing"

func TestNearest(t *testing.T) {
	keys := []string{"endpoint", "timeout", "tls", "headers", "send_batch_size", "send_batch_max_size", "max_recv_msg_size_mib", "grpc", "http"}
	f := func(word, want string) {
		t.Helper()
		if got := Nearest(word, keys); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
	f("endpiont", "endpoint")
	f("end_point", "endpoint")
	f("Endpoint", "endpoint")
	f("sendBatchSize", "send_batch_size")
	f("max-recv-msg-size-mib", "max_recv_msg_size_mib")
	f("max_recv_msg_size", "max_recv_msg_size_mib")
	f("tsl", "tls")
	f("gprc", "grpc")
	f("https", "http")
	f("x", "")
	f("", "")
	f("retry", "")
	f("compression", "")
}

func TestDistance(t *testing.T) {
	f := func(a, b string, want int) {
		t.Helper()
		if got := distance(a, b); got != want {
			t.Errorf("%q %q: %d, want %d", a, b, got, want)
		}
		if got := distance(b, a); got != want {
			t.Errorf("%q %q: %d, want %d", b, a, got, want)
		}
	}
	f("", "", 0)
	f("", "abc", 3)
	f("abc", "abc", 0)
	f("abc", "acb", 1)
	f("abc", "abd", 1)
	f("kitten", "sitting", 3)
	f("über", "uber", 1)
}
