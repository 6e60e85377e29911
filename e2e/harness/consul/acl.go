package consul

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// Grant makes a token that may do what the rules say, such as service "x" { policy = "write" }, and returns its secret. The
// agent must have a token that may do everything.
func (a *Agent) Grant(ctx context.Context, rules string) (secret string, err error) {
	name := "policy-" + strconv.FormatInt(time.Now().UnixNano(), 36) // no two have the same name
	policy := map[string]string{"Name": name, "Rules": rules}
	if err := a.Ask(ctx, http.MethodPut, "/v1/acl/policy", policy, nil); err != nil {
		return "", err
	}
	var token struct{ SecretID string }
	err = a.Ask(ctx, http.MethodPut, "/v1/acl/token", map[string]any{"Policies": []any{map[string]string{"Name": name}}}, &token)
	return token.SecretID, err
}
