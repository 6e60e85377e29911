package watch

import (
	"strings"
	"testing"
)

func TestMembers(t *testing.T) {
	c := begun(t)
	c.put("deployments", strings.Replace(deployment("replicas: 2"), `revision: "1"`, `revision: "2"`, 1))
	c.put("replicasets", strings.NewReplacer("name: r, uid: r", "name: r2, uid: r2", `revision: "1"`, `revision: "2"`).Replace(replicaSet))
	c.put("pods", strings.Replace(pod("q", isReady), "uid: r,", "uid: r2,", 1))
	c.put("pods", strings.Replace(pod("crashed", isCrashed), "uid: r,", "uid: r2,", 1))
	c.put("pods", strings.Replace(pod("stops", isReady), "metadata: {", "metadata: {deletionTimestamp: 2026-01-01T00:00:00Z, ", 1))
	members, err := Members(t.Context(), c, "ns", "d")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, m := range members {
		got[m.Name] = string(m.Phase)
		if m.Old {
			got[m.Name] += " old"
		}
		if m.Restarts() > 0 {
			got[m.Name] += " restarted"
		}
	}
	if len(got) != 3 || got["p"] != "progressing old" || got["q"] != "ready" || !strings.HasSuffix(got["crashed"], " restarted") {
		t.Errorf("they are %v", got)
	}
}
