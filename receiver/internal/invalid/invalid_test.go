package invalid

import "testing"

func TestListen(t *testing.T) {
	f := func(endpoint string, ok bool) {
		t.Helper()
		if err := Listen(endpoint, "0.0.0.0:1"); (err == nil) != ok {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
	f("0.0.0.0:4317", true)
	f(":0", true)
	f("[::1]:65535", true)
	f("localhost:http", true)
	f("", false)
	f("localhost", false)
	f("localhost:", false)
	f("localhost:-1", false)
	f("localhost:65536", false)
	f("::1:4317", false)
}
