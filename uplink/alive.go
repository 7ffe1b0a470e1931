package uplink

import (
	"time"

	"github.com/sensord/sensord/uplink/kismet"
)

// signsOfLife asks for the acknowledgement of what was written, and, when
// nothing was for a while, for a sign of life. The PONG that nobody asked for
// tells the server the same of us.
func (w *writer) signsOfLife(now time.Time, more bool) error {
	if !w.streaming || more {
		return nil
	}
	sent := w.session.Log.SentTo()
	hurry := w.session.Log.Closed()
	switch {
	case w.window.pingDue(now, hurry):
		if err := w.writePing(sent, now); err != nil {
			return err
		}
		w.lastAlive = now
	case now.Sub(w.lastAlive) >= keepaliveEvery:
		w.lastAlive = now
		if err := w.writePing(sent, now); err != nil {
			return err
		}
	}
	if now.Sub(w.lastPong) >= alivePongEvery {
		w.lastPong = now
		if err := w.write(kismet.Pong{}); err != nil {
			return err
		}
	}
	return w.flush()
}

// sample tells what measures progress, and the pacer, how the log does.
func (w *writer) sample(now time.Time) {
	if now.Sub(w.sampledAt) < sampleEvery {
		return
	}
	w.sampledAt = now
	b := w.session.Log.Backlog()
	if w.live && !b.Spilled {
		b.Frames = 0 // what was captured just now is not late
	}
	captured := w.progress.add(w.session.Log.Stats(), b.Frames, now)
	if w.live {
		w.session.Pacer.captured(captured)
	}
}
