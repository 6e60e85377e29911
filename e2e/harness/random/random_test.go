package random_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/random"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

func TestRequest(t *testing.T) {
	for _, sig := range signal.All() {
		items := 0
		for seed := range uint64(50) {
			m := random.Request(sig, seed)
			if !proto.Equal(m, random.Request(sig, seed)) {
				t.Fatalf("%s: seed %d gave two different requests", sig, seed)
			}
			if _, err := proto.Marshal(m); err != nil {
				t.Fatalf("%s: seed %d: %v", sig, seed, err)
			}
			items += signal.Items(m)
		}
		if items < 50 {
			t.Errorf("%s: only %d items in 50 requests", sig, items)
		}
	}
}
