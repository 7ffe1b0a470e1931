package uplink

import (
	"context"
	"errors"
	"time"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismet"
)

// verdict is what a probe found out about a connection.
type verdict int

const (
	answered verdict = iota // the server speaks this generation
	silent                  // nothing came in time: it may still
	ended                   // the server hung up, as one of the other generation does
)

// negotiate finds out by probing which generation the server speaks. A server
// answers a PING of its own generation before anything is announced, and hangs
// up on any other.
func (d *Dialer) negotiate(ctx context.Context) (*Link, error) {
	candidates := d.candidates()
	for i, v := range candidates {
		c, err := d.open(ctx)
		if err != nil {
			return nil, err
		}
		start := time.Now()
		link := newLink(c, v, d.Server.object())
		link.local = localAddr(c)
		found, err := link.probe(ctx)
		if err != nil {
			link.abandon()
			err = d.probeFault(err)
			d.traced("protocol", start, "", err)
			return nil, err
		}
		if found == answered || found == ended && i+1 < len(candidates) {
			d.traced("protocol", start, v.String()+" "+found.String(), nil)
		}
		switch found {
		case answered:
			d.remember(v)
			return link, nil
		case silent:
			link.unheard = d.unheardFault(pongTimeout)
			d.traced("protocol", start, "", d.unheardFault(probeTimeout))
			return link, nil
		}
		link.abandon()
	}
	err := d.protocolFault()
	d.traced("protocol", time.Now(), "", err)
	return nil, err
}

// cause returns what an error says without the object it happened to.
func cause(err error) error {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return e.Err
	}
	return err
}

func (v verdict) String() string {
	return [...]string{"answered", "got no answer", "was hung up on"}[v]
}

func (d *Dialer) candidates() []kismet.Version {
	if d.Server.Protocol != Auto {
		return []kismet.Version{d.Server.Protocol}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.works == kismet.V2 {
		return []kismet.Version{kismet.V2, kismet.V3}
	}
	return []kismet.Version{kismet.V3, kismet.V2}
}

func (d *Dialer) remember(v kismet.Version) {
	d.mu.Lock()
	d.works = v
	d.mu.Unlock()
}

func (d *Dialer) protocolFault() error {
	if d.Server.Protocol != Auto {
		return d.fail(fault.LinkProtocol, "", "the server hangs up on protocol %s", d.Server.Protocol)
	}
	advice := "is it a Kismet server, and is its log silent about this sensor?"
	if d.Server.TCP {
		advice = "is that Kismet's remote capture port (3501)? Its websocket port (2501) needs no --tcp, and TLS needs --ssl instead"
	}
	return d.fail(fault.LinkProtocol, advice, "the server hangs up on both protocols, v3 and v2")
}

// probeFault explains a connection on which something else than Kismet's
// frames came.
func (d *Dialer) probeFault(err error) error {
	switch {
	case fault.CodeOf(err) == fault.LinkNotKismet && d.Server.TCP:
		return d.fail(fault.LinkNotKismet, "if that is Kismet's web port (2501), leave out --tcp", "%w", cause(err))
	case fault.CodeOf(err) != "":
		return err
	}
	return d.fail(fault.LinkNotKismet, "", "no word of Kismet's protocol: %w", rootCause(err))
}

// probe sends a PING and waits for what comes of it.
func (k *Link) probe(ctx context.Context) (verdict, error) {
	// A write that fails says less than what the peer sent before it hung up:
	// the reader's word counts.
	if k.writePing(0, time.Now()) == nil {
		_ = k.flush()
	}
	timer := time.NewTimer(probeTimeout)
	defer timer.Stop()
	select {
	case <-k.window.wake:
		return answered, nil
	case <-timer.C:
		return silent, nil
	case <-k.dead:
		if isEnd(k.err) {
			return ended, nil
		}
		return ended, k.err
	case <-ctx.Done():
		return ended, fault.New(fault.LinkLost, k.object, ctx.Err())
	}
}
