package rest

import (
	"context"
	"net/http"
)

// KnowsLogin reports whether the server knows the login, whatever its role. A
// websocket that is refused does not tell a wrong key from one without the role
// that it takes. The error is a *fault.Error, of the way there, or that it is no
// Kismet which answers.
func (c *Client) KnowsLogin(ctx context.Context) (bool, error) {
	a, err := c.checkSession(ctx)
	switch {
	case err != nil:
		return false, err
	case a.status == http.StatusOK:
		return true, nil
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		return false, nil
	}
	return false, c.strangeFault(a, "look for the login")
}
