package configs

import (
	"errors"
	"io/fs"
	"strings"
)

// maxSecretBytes bounds a file with a password or key.
const maxSecretBytes = 4 << 10

// login settles the credentials: a user with a password, or an API key.
func (l *loader) login(d *serverDraft, t *target, s *Server) {
	password, passwordFrom := l.secret(d.password, d.passwordFile, d.path+".password_file")
	apikey, apikeyFrom := l.secret(d.apikey, d.apikeyFile, d.path+".apikey_file")
	if t.transport == TransportTCP {
		l.unusedLogin(d, passwordFrom, apikeyFrom)
		return
	}
	switch byLogin, byKey := l.oneLogin(d.user, passwordFrom, apikeyFrom, d.path+".apikey_file"); {
	case byLogin:
		s.User, s.Password = d.user.value, Secret(password)
		l.checkUser(d.user, passwordFrom, serverLogin(d))
		l.settle(d.path+".user", s.User, d.user.from)
		l.settle(d.path+".password", s.Password.String(), passwordFrom)
	case byKey:
		s.APIKey = Secret(apikey)
		l.checkKey(apikey, apikeyFrom, serverLogin(d))
		l.settle(d.path+".apikey", s.APIKey.String(), apikeyFrom)
	default:
		l.missingLogin(d, t)
	}
}

// oneLogin chooses where both a user with a password and an API key were given,
// and says so. As in Kismet's tools the user wins, unless the key was given in a
// later place.
func (l *loader) oneLogin(user text, passwordFrom, apikeyFrom Origin, path string) (byLogin, byKey bool) {
	const right = "give one of the two"
	byLogin, byKey = user.given() || passwordFrom.set(), apikeyFrom.set()
	switch {
	case !byLogin || !byKey:
	case apikeyFrom.layer > max(user.from.layer, passwordFrom.layer):
		l.warn(apikeyFrom, path, right, "the key is used, and not the user and password of an earlier place")
		byLogin = false
	default:
		l.warn(apikeyFrom, path, right, "the key is not used: user and password win")
		byKey = false
	}
	return byLogin, byKey
}

func (l *loader) missingLogin(d *serverDraft, t *target) {
	const what = "Kismet's websocket needs a login, and there is none"
	if t.transport == "" || l.blamedAt(d.path, "user", "password_file", "apikey_file") || l.blamed(d.path+".user", d.path+".password", d.path+".password_file", d.path+".apikey", d.path+".apikey_file") {
		return
	}
	if t.from.layer == layerFlag || !d.from.set() {
		l.wrong(t.from, d.path, "add --apikey KEY, or --user NAME --password PASSWORD, or set SENSORD_APIKEY", what)
		return
	}
	right := "add apikey_file: FILE, or user: NAME and password_file: FILE"
	if d.isFirst() {
		right += ", or set SENSORD_APIKEY"
	}
	l.wrong(d.from, d.path, right, what)
}

// A loginPlace is where a login stands, and how else its halves are given.
type loginPlace struct{ path, user, password string }

func serverLogin(d *serverDraft) loginPlace {
	return loginPlace{d.path, "--user NAME, or set SENSORD_USER", "--password PASSWORD, or set SENSORD_PASSWORD"}
}

func restLogin(d *serverDraft) loginPlace {
	return loginPlace{d.path + ".rest", "SENSORD_REST_USER to the environment", "SENSORD_REST_PASSWORD to the environment"}
}

func (l *loader) checkUser(user text, passwordFrom Origin, p loginPlace) {
	switch {
	case !user.given():
		l.wrong(passwordFrom, p.path+".password_file", otherHalf(passwordFrom, "user: NAME", p.user), "there is a password without a user")
	case !passwordFrom.set() && l.blamed(p.path+".password", p.path+".password_file"):
	case !passwordFrom.set():
		l.wrong(user.from, p.path+".user", otherHalf(user.from, "password_file: FILE", p.password), "there is a user without a password")
	case strings.Contains(user.value, ":"):
		l.wrong(user.from, p.path+".user", "choose another name in Kismet, or use an API key", "a user's name cannot have a colon")
	}
}

// otherHalf says how to add what is missing of a login, where the rest is.
func otherHalf(from Origin, inFile, elsewhere string) string {
	if from.layer == layerFile {
		return "add " + inFile
	}
	return "add " + elsewhere
}

// checkKey refuses what cannot travel in a cookie. The key itself is not shown.
func (l *loader) checkKey(key string, from Origin, p loginPlace) {
	if key == "" || strings.ContainsFunc(key, notVisible) || strings.ContainsAny(key, `",;\`) {
		l.wrong(from, p.path+".apikey", "copy the key from Kismet's web page: 32 letters and digits", "this is no API key")
	}
}

// unusedLogin says that legacy TCP has no login. From the command line and the
// environment, which serve other programs and servers too, it is harmless.
func (l *loader) unusedLogin(d *serverDraft, passwordFrom, apikeyFrom Origin) {
	const what = "Kismet's legacy TCP has no login"
	for _, given := range []struct {
		from Origin
		path string
	}{{d.user.from, d.path + ".user"}, {passwordFrom, d.path + ".password_file"}, {apikeyFrom, d.path + ".apikey_file"}} {
		switch given.from.layer {
		case layerDefault:
		case layerFile:
			l.wrong(given.from, given.path, "remove it, or use ws:// or wss://", what)
		default:
			l.warn(given.from, given.path, "remove it", "%s; it is not used", what)
		}
	}
}

// secret returns a secret from the later of its two places: the value itself,
// or a file that holds it. A file that cannot be used is noted and counts as
// given.
func (l *loader) secret(inline, file text, path string) (string, Origin) {
	switch {
	case inline.given() && inline.from.layer == file.from.layer:
		l.wrong(inline.from, strings.TrimSuffix(path, "_file"), "set one of the two", "%s is set too", file.from)
		return inline.value, inline.from
	case inline.from.layer > file.from.layer:
		return inline.value, inline.from
	case !file.given():
		return "", Origin{}
	}
	data, mode, err := l.readFile(file.value, maxSecretBytes)
	if err != nil {
		l.wrong(file.from, path, "name a file that sensord can read", "%s: %s", file.value, cause(err))
		return "placeholder", file.from
	}
	if mode.IsRegular() && mode.Perm()&0o004 != 0 {
		l.warn(file.from, path, "chmod o= "+file.value, "everybody on this machine can read %s", file.value)
	}
	secret := strings.TrimRight(string(data), "\r\n")
	if secret == "" {
		l.wrong(file.from, path, "put the secret into the file, on one line", "%s is empty", file.value)
		return "placeholder", file.from
	}
	if strings.ContainsAny(secret, "\r\n") {
		l.wrong(file.from, path, "put the secret into the file, on one line", "%s has more than one line", file.value)
		return "placeholder", file.from
	}
	return secret, file.from
}

// cause returns why a file could not be used, without its name and the
// operation, which the message has already.
func cause(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}
