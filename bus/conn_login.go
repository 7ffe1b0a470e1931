package bus

import (
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/sensord/sensord/internal/fault"
)

// renewEvery is how often a file of credentials is looked at while those in use
// are wrong.
const renewEvery = 2 * time.Second

// A login is a file of credentials, and what was shown of it last. Credentials of
// another rig are taken by a server, which only drops what they do not allow: the
// connection has to be made anew with the right ones.
type login struct {
	file       string // "" is none
	fleet, rig string // whose it should be; "" is anybody's

	last atomic.Pointer[shownLogin]
}

// shownLogin is what an attempt to connect was made with.
type shownLogin struct {
	token string
	err   error // what is wrong with it
}

// option takes credentials from the file at every attempt to connect. NATS's own
// option wants the file to be there when the bus begins.
func (l *login) option() nats.Option {
	return func(o *nats.Options) error {
		o.UserJWT, o.SignatureCB = l.show, l.sign
		return nil
	}
}

// show returns what says who the rig is, and notes it.
func (l *login) show() (string, error) {
	token, err := l.token()
	for range 3 { // who writes the file may be about it
		one := &shownLogin{token: token}
		if l.rig != "" {
			one.err = checkFile(l.file, l.fleet, l.rig)
		}
		l.last.Store(one)
		now, failed := l.token()
		if err == nil && failed == nil && now == token {
			break
		}
		token, err = now, failed
	}
	return token, err
}

func (l *login) token() (string, error) {
	var o nats.Options
	if err := nats.UserCredentials(l.file)(&o); err != nil {
		return "", err
	}
	return o.UserJWT()
}

// sign proves that the rig is who it says.
func (l *login) sign(nonce []byte) ([]byte, error) {
	var o nats.Options
	if err := nats.UserCredentials(l.file)(&o); err != nil {
		return nil, err
	}
	return o.SignatureCB(nonce)
}

// wrong returns why what was shown last is not this rig's, with the code
// bus.denied, or nil. Of everything else a server says more itself.
func (l *login) wrong() error {
	if last := l.last.Load(); last != nil && fault.CodeOf(last.err) == fault.BusDenied {
		return last.err
	}
	return nil
}

// mended reports whether the file holds by now other credentials than were shown
// last, and right ones.
func (l *login) mended() bool {
	last := l.last.Load()
	if l.file == "" || last == nil || checkFile(l.file, l.fleet, l.rig) != nil {
		return false
	}
	token, err := l.token()
	return err == nil && token != "" && token != last.token
}
