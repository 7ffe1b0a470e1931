package rest

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strings"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
)

// maxNameBytes is longer than any name that a person types.
const maxNameBytes = 64

// ValidName reports whether a meta GPS can have that name. On the server the
// name becomes part of a pattern for paths that are not decoded, so that only
// letters, digits, _ and - are what they are.
func ValidName(name string) bool {
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return name != "" && len(name) <= maxNameBytes
}

func updatePath(name string) string { return "/gps/meta/" + name + "/update.cmd" }

func (c *Client) checkName(name string) error {
	if ValidName(name) {
		return nil
	}
	return &fault.Error{
		Code: fault.ConfigInvalid, Object: "meta GPS " + quoted(name),
		Err: errBadName, Advice: "name it with letters, digits, _ and - only",
	}
}

var errBadName = errors.New("not a name that Kismet can serve")

// MetaGPS reports whether the server has a meta GPS of that name. It changes
// nothing there, and needs no role: a path that exists answers 405 to a GET
// before it looks at the login.
func (c *Client) MetaGPS(ctx context.Context, name string) (bool, error) {
	if err := c.checkName(name); err != nil {
		return false, err
	}
	a, err := c.ask(ctx, question{method: http.MethodGet, path: updatePath(name), again: true})
	switch {
	case err != nil:
		return false, err
	case a.status == http.StatusMethodNotAllowed:
		return true, nil
	case a.status == http.StatusNotFound:
		return false, c.isKismet(ctx)
	}
	return false, c.answerFault(ctx, a, "look for meta GPS "+name, RoleAdmin)
}

// Roles of logins, as errors name them.
const (
	RoleAdmin  = "admin"
	RoleWebGPS = "WEBGPS"
)

// CreateMetaGPS makes a meta GPS of that name that serves only the sources that
// name it (dataonly=true), if there is none. It needs the role admin.
func (c *Client) CreateMetaGPS(ctx context.Context, name string) error {
	// A second one of the same name would get another name.
	if exists, err := c.MetaGPS(ctx, name); err != nil || exists {
		return err
	}
	body, err := json.Marshal(map[string]string{"definition": "meta:name=" + name + ",dataonly=true"})
	if err != nil {
		return fault.New(fault.Internal, c.object(), err)
	}
	a, err := c.ask(ctx, question{method: http.MethodPost, path: "/gps/add_gps.cmd", body: body})
	if err != nil {
		return err
	}
	if a.status == http.StatusOK {
		return nil
	}
	return c.answerFault(ctx, a, "create meta GPS "+name, RoleAdmin)
}

// UpdateMetaGPS tells the server where the meta GPS of that name is. It needs
// the role WEBGPS, or admin. Without an altitude the server takes the position
// for two-dimensional; heading and accuracy it does not take.
func (c *Client) UpdateMetaGPS(ctx context.Context, name string, p gps.Position) error {
	if err := c.checkName(name); err != nil {
		return err
	}
	body, err := updateBody(p)
	if err != nil {
		return fault.New(fault.Internal, "meta GPS "+name, err)
	}
	a, err := c.ask(ctx, question{method: http.MethodPost, path: updatePath(name), body: body, again: true})
	switch {
	case err != nil:
		return err
	case a.status == http.StatusOK:
		return nil
	case a.status == http.StatusNotFound:
		if err := c.isKismet(ctx); err != nil {
			return err
		}
		return fault.New(fault.MetaGPSAbsent, c.object(), &absentError{name})
	}
	return c.answerFault(ctx, a, "update meta GPS "+name, RoleWebGPS+" or "+RoleAdmin)
}

// absentError is the cause of metagps.absent.
type absentError struct{ name string }

func (e *absentError) Error() string { return "no meta GPS " + e.name }

// updateBody is a position as Kismet's clients post it: spd in km/h, and what is
// not known left out. An altitude of 0 would be none.
func updateBody(p gps.Position) ([]byte, error) {
	fields := map[string]float64{"lat": p.Lat, "lon": p.Lon}
	if !math.IsNaN(p.AltMSL) {
		fields["alt"] = p.AltMSL
		if p.AltMSL == 0 {
			fields["alt"] = 0.001
		}
	}
	if !math.IsNaN(p.SpeedMPS) {
		fields["spd"] = p.SpeedMPS * gps.KMHPerMPS
	}
	return json.Marshal(fields) // refuses NaN
}

// isKismet tells the 404 of a server without this meta GPS from that of another
// server, or of a wrong prefix: it asks for what every Kismet has, which also
// tests the login.
func (c *Client) isKismet(ctx context.Context) error {
	a, err := c.checkSession(ctx)
	switch {
	case err != nil:
		return err
	case a.status == http.StatusOK:
		return nil
	case a.status == http.StatusUnauthorized:
		return c.loginFault(a)
	case a.status == http.StatusNotFound:
		advice := ""
		if !strings.HasPrefix(a.web, "Kismet") {
			advice = "check rest: {url: …} of the server: behind a proxy the path has the proxy's prefix in front"
		}
		return c.fail(fault.RESTRefused, advice, "no Kismet at %s (404)", c.base)
	}
	return c.strangeFault(a, "log in")
}

func (c *Client) checkSession(ctx context.Context) (answer, error) {
	return c.ask(ctx, question{method: http.MethodGet, path: "/session/check_session", again: true})
}
