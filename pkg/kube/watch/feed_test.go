package watch

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// A watch says what it likes: the objects that are known are those of its changes, and no more.
func FuzzWatch(f *testing.F) {
	f.Add(`{"type": "ADDED", "object": {"metadata": {"uid": "u", "resourceVersion": "1"}}}
		{"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "9"}}}`)
	f.Add(`{"type": "ERROR", "object": {"kind": "Status", "code": 410}} {"type": "DELETED", "object": null}`)
	f.Fuzz(func(t *testing.T, text string) {
		published := 0
		pods := feed[corev1.Pod, *corev1.Pod]{
			objects: map[types.UID]*corev1.Pod{},
			changed: func(all []*corev1.Pod) {
				published++
				if len(all) > published {
					t.Errorf("%d objects after %d changes: %q", len(all), published, text)
				}
			},
		}
		_ = pods.read(strings.NewReader(text)) // what cannot be read is tried again
	})
}
