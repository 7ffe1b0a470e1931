package rest_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/rest"
)

func TestKnowsLogin(t *testing.T) {
	for _, tt := range []struct {
		status int
		want   bool
		fault  string
	}{
		{http.StatusOK, true, ""},
		{http.StatusUnauthorized, false, ""},
		{http.StatusForbidden, false, ""},
		{http.StatusNotFound, false, "server kismet.test:2501: look for the login: the server answered 404"},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := client(t, rest.Options{NetDial: pipes(t, status(tt.status, "")), APIKey: "SECRET"})
			got, err := c.KnowsLogin(t.Context())
			if tt.fault != "" {
				wantFault(t, err, fault.RESTRefused, tt.fault)
			} else if err != nil || got != tt.want {
				t.Errorf("%d: %t, %v", tt.status, got, err)
			}
		})
	}
}
