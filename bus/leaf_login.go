//go:build !lite

package bus

import (
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// shows makes a server show the hub what the watch knows of.
func (w *leafWatch) shows(opts *server.Options) {
	if w.login.file == "" {
		return
	}
	for _, remote := range opts.LeafNode.Remotes {
		remote.SignatureCB = func(nonce []byte) (string, []byte, error) {
			token, err := w.login.show()
			if err != nil {
				return "", nil, err
			}
			signed, err := w.login.sign(nonce)
			return token, signed, err
		}
	}
}

// creds says what is wrong with the file of credentials.
func (w *leafWatch) creds(now time.Time) error {
	if w.remote.CredsFile == "" {
		return nil
	}
	return checkCreds(w.remote.CredsFile, w.remote.Fleet, w.remote.Rig, now)
}

// joinAnew ends the connection to the hub if the file has become right since it
// was made; nats-server makes another one.
func (w *leafWatch) joinAnew(s *server.Server, now time.Time) {
	if w.renewing || now.Before(w.renew) {
		return
	}
	w.renew = now.Add(renewEvery)
	if !w.login.mended() {
		return
	}
	z, err := s.Leafz(nil)
	if err != nil {
		return // the server ends
	}
	for _, leaf := range z.Leafs {
		if s.DisconnectClientByID(leaf.ID) == nil { // else it is gone
			w.renewing = true
		}
	}
	if w.renewing {
		w.log.Info("the hub is joined again, with the credentials that are there now", "file", w.login.file)
	}
}
