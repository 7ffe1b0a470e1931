package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"
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

// admit lets a request in, or answers it. The token is looked at first: who has
// it gets in, whatever others behind the same address do. So no limit keeps a
// guesser from the token; its length does.
func (v *service) admit(w http.ResponseWriter, r *http.Request) bool {
	given := credentials(r)
	var by *credential
	for i := range given {
		// One that a browser does not add by itself counts more.
		if v.keys.opens(given[i].text) && (by == nil || by.ambient) {
			by = &given[i]
		}
	}
	switch {
	case len(given) == 0: // no wrong login: some clients always come without first
		unauthorized(w, "a login is needed: sensord's token, as password of any user, as cookie KISMET or as ?KISMET=")
		return false
	case by == nil:
		v.refuse(w, r)
		return false
	case by.ambient && foreign(r):
		say(w, http.StatusForbidden, "another site's page may not use a login that the browser has kept")
		return false
	}
	connectionOf(r).known.Store(true)
	if by.password {
		http.SetCookie(w, &http.Cookie{
			Name: cookieName, Value: v.keys.session, Path: "/",
			HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
		})
	}
	return true
}

// refuse answers a wrong login, and logs one per address and minute. Many in a
// short time are answered late.
func (v *service) refuse(w http.ResponseWriter, r *http.Request) {
	from := remote(r.RemoteAddr)
	if others, ok := v.warnings.take(from); ok {
		v.o.Log.Warn("web login refused: wrong token", "remote", r.RemoteAddr, "others_since_last", others, "remedy", whereTokenIs)
	}
	if _, ok := v.failures.take(from); ok {
		unauthorized(w, "this is not sensord's token")
		return
	}
	select {
	case <-time.After(refusalDelay):
	case <-connectionOf(r).dropped:
	case <-v.ctx.Done():
	}
	tooMany(w, "too many wrong logins from this address")
}

// whereTokenIs holds for every configuration; a token itself is never logged.
const whereTokenIs = "give it sensord's token: what web: {token_file} or SENSORD_WEB_TOKEN says, else the file web.token in the state directory"

func unauthorized(w http.ResponseWriter, text string) {
	w.Header().Set("WWW-Authenticate", `Basic realm="sensord", charset="UTF-8"`)
	say(w, http.StatusUnauthorized, text)
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
