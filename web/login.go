package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// cookieName is how Kismet's clients call their token, in cookies and queries.
const cookieName = "KISMET"

// A keyring knows what opens the server, as hashes: they can be compared in
// constant time, whatever length the guess has.
type keyring struct {
	token   [sha256.Size]byte
	session string // what a client that logged in by password may come back with
	open    bool   // there is a token at all
}

func newKeyring(token string) keyring {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("sensord web session"))
	return keyring{
		token:   sha256.Sum256([]byte(token)),
		session: hex.EncodeToString(mac.Sum(nil)),
		open:    token != "",
	}
}

// opens reports whether a text is the token, or the session's.
func (k keyring) opens(text string) bool {
	sum := sha256.Sum256([]byte(text))
	isToken := subtle.ConstantTimeCompare(sum[:], k.token[:])
	isSession := subtle.ConstantTimeCompare([]byte(text), []byte(k.session))
	return k.open && isToken|isSession == 1
}

// A credential is a text that may be the token, and how it came.
type credential struct {
	text     string
	ambient  bool // browsers add it by themselves, also to another site's requests
	password bool // it stands for a password, so that a session's cookie is due
}

// credentials returns all that a request carries. Kismet looks at one place
// only; clients of it that work are found here, too.
func credentials(r *http.Request) []credential {
	var list []credential
	for _, c := range r.CookiesNamed(cookieName) {
		for _, text := range readings(c.Value) {
			list = append(list, credential{text: text, ambient: true})
		}
	}
	if _, password, ok := r.BasicAuth(); ok {
		list = append(list, credential{text: password, ambient: true, password: true})
	}
	if scheme, text, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		list = append(list, credential{text: strings.TrimSpace(text)})
	}
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name != cookieName && name != "password" {
			continue
		}
		for _, text := range readings(value) {
			list = append(list, credential{text: text, password: name == "password"})
		}
	}
	return list
}

// readings returns what a text can mean: clients encode it, or they do not, and
// a plus stays one or is a space.
func readings(text string) []string {
	list := []string{text}
	if !strings.ContainsAny(text, "%+") {
		return list
	}
	if s, err := url.PathUnescape(text); err == nil {
		list = append(list, s)
	}
	if s, err := url.QueryUnescape(text); err == nil {
		list = append(list, s)
	}
	return list
}

// admit lets a request in, or answers it.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) bool {
	from := remote(r)
	if !s.failures.has(from) {
		tooMany(w, "too many wrong logins from this address")
		return false
	}
	given := credentials(r)
	var by *credential
	for i := range given {
		// One that a browser does not add by itself counts more.
		if s.keys.opens(given[i].text) && (by == nil || by.ambient) {
			by = &given[i]
		}
	}
	switch {
	case by == nil:
		if len(given) > 0 { // to come without is no guess: some clients always do first
			s.refused(r, from)
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="sensord", charset="UTF-8"`)
		say(w, http.StatusUnauthorized, "a login is needed: sensord's token, as password of any user, as cookie KISMET or as ?KISMET=")
		return false
	case by.ambient && foreign(r):
		say(w, http.StatusForbidden, "another site's page may not use a login that the browser has kept")
		return false
	}
	if by.password {
		http.SetCookie(w, &http.Cookie{
			Name: cookieName, Value: s.keys.session, Path: "/",
			HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
		})
	}
	return true
}

// refused counts a wrong login, and logs the first and the one that is the last
// for a while.
func (s *Server) refused(r *http.Request, from netip.Prefix) {
	left, _ := s.failures.take(from)
	switch {
	case left >= failuresBurst-1:
		s.o.Log.Warn("login refused", "remote", r.RemoteAddr)
	case left < 1:
		s.o.Log.Warn("too many logins refused, address is kept waiting", "remote", r.RemoteAddr)
	}
}

// remote is whom a request comes from, for limits: an address, or the network
// of an IPv6 one, of which a single machine has all addresses.
func remote(r *http.Request) netip.Prefix {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{} // no IP: all of these together
	}
	addr := peer.Addr().Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// foreign reports whether a browser made a request for another site's page.
// What is not a browser says nothing of that.
func foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	case "":
	default:
		return true
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || u.Host != r.Host
}
