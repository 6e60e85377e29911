package admin

import "net/http"

// reloadPath is the one page that changes something.
const reloadPath = "/reload"

// reloaded is the answer to a reload.
type reloaded struct {
	Status string        `json:"status"`
	Reason string        `json:"reason,omitempty"`
	Config Configuration `json:"config"`
}

// reload answers with the configuration that is in use then: the new one with
// 200, or the old one with 422 and the reason.
func reload(d Deps) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", "POST")
			http.Error(w, r.Method+" changes nothing: use POST", http.StatusMethodNotAllowed)
			return
		}
		err := d.Reload(r.Context())
		answer, code := reloaded{Status: "reloaded", Config: d.Source.Snapshot().Config}, http.StatusOK
		if err != nil {
			answer.Status, answer.Reason, code = "not reloaded", err.Error(), http.StatusUnprocessableEntity
		}
		writeJSON(w, code, answer)
	})
}
