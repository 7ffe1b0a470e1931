package feed

import (
	"context"
	"net"
	"time"

	"github.com/sensord/sensord/gps"
)

// Limits shortens the times after which a feed gives up waiting.
func (r *Receiver) Limits(silence, garbled, dwell time.Duration) {
	r.limits.silence, r.limits.garbled, r.limits.dwell = silence, garbled, dwell
}

// Rival says whether gpsd runs here: other packages' tests start it.
func (r *Receiver) Rival(runs bool) { r.rival = func() bool { return runs } }

// Stream runs the receiver on a connection that is there already.
func (r *Receiver) Stream(ctx context.Context, c net.Conn, tell func(gps.Event)) error {
	defer r.say("")
	return r.stream(ctx, c, r.newPeer("", quietNetwork, time.Now(), tell), nil)
}

// Hunt runs the receiver on a line that is set to a rate, and that set sets to
// another one.
func (r *Receiver) Hunt(ctx context.Context, c net.Conn, baud int, set func(int) error, tell func(gps.Event)) error {
	defer r.say("")
	r.rates.begin(baud)
	if err := set(r.rates.rate()); err != nil {
		return err
	}
	p, h := r.newPeer("", quietLine, time.Now(), tell), &hunt{r: r, set: set}
	h.start(p, time.Now())
	return r.stream(ctx, c, p, h)
}

// Serve runs the receiver on a listener that is there already.
func (r *Receiver) Serve(ctx context.Context, l net.Listener, tell func(gps.Event)) error {
	defer r.say("")
	return r.serve(ctx, l, tell)
}

// PortsBelow is Ports for another file system.
func PortsBelow(root string) ([]Port, error) { return portsBelow(root) }
