package kismettest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// A login is who a request comes from.
type login struct {
	role  string // empty: nobody
	fresh bool   // by password: a session cookie is due
}

// may reports whether the login opens a route for these roles. Roles are not
// ordered; only an admin may do everything.
func (l login) may(roles ...string) bool {
	return l.role == RoleAdmin || l.role != "" && (slices.Contains(roles, l.role) || slices.Contains(roles, roleAny))
}

// login finds out who a request comes from, in the order and with the quirks of
// the real servers.
func (s *Server) login(r *http.Request, rawQuery string) login {
	query := decodeQuery(rawQuery)
	token := query["KISMET"]
	// With any Cookie header at all the query is not looked at.
	if r.Header["Cookie"] != nil {
		token = cookieToken(r)
	}
	if role := s.tokenRole(token); role != "" {
		return login{role: role}
	}
	user, password := query["user"], query["password"]
	if auth := r.Header.Get("Authorization"); auth != "" {
		user, password = basicLogin(auth)
	}
	if want, ok := s.cfg.Logins[user]; ok && want == password {
		return login{role: RoleAdmin, fresh: true}
	}
	return login{}
}

// tokenRole returns the role of an API key or session token.
func (s *Server) tokenRole(token string) string {
	if token == "" {
		return ""
	}
	if role, ok := s.cfg.APIKeys[token]; ok {
		return role
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens[token]
}

// setCookie hands out a session token, as every login by password gets on REST
// routes.
func (s *Server) setCookie(w http.ResponseWriter, l login) {
	s.mu.Lock()
	token := fmt.Sprintf("session-%d", len(s.tokens)+1)
	s.tokens[token] = l.role
	s.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: "KISMET", Value: token, Path: "/", MaxAge: 24 * 60 * 60})
}

func cookieToken(r *http.Request) string {
	c, err := r.Cookie("KISMET")
	if err != nil {
		return ""
	}
	text, err := url.QueryUnescape(c.Value)
	if err != nil {
		return c.Value
	}
	return text
}

// basicLogin reads an Authorization header; only this spelling of Basic counts.
func basicLogin(header string) (user, password string) {
	text, ok := strings.CutPrefix(header, "Basic ")
	if !ok {
		return "", ""
	}
	plain, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", ""
	}
	user, password, _ = strings.Cut(string(plain), ":")
	return user, password
}

// decodeQuery reads query variables as Kismet does: decoded as a whole first
// and split then, so that no value can hold & or =, and + stays +.
func decodeQuery(raw string) map[string]string {
	text, err := url.PathUnescape(raw)
	if err != nil {
		text = raw
	}
	vars := map[string]string{}
	for pair := range strings.SplitSeq(text, "&") {
		name, rest, _ := strings.Cut(pair, "=")
		value, _, _ := strings.Cut(rest, "=")
		vars[name] = value
	}
	return vars
}
