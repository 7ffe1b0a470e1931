//go:build !lite

package bustest

import (
	"net"
	"sync"
	"testing"
	"time"
)

// Proxy is a line to a TCP server that can be cut. Its methods may be called
// from any goroutine.
type Proxy struct {
	target string
	listen net.Listener
	all    sync.WaitGroup

	mu     sync.Mutex
	cond   *sync.Cond
	cut    bool
	frozen bool
	ended  bool
	delay  time.Duration
	conns  map[net.Conn]bool
}

// NewProxy listens on a port of the kernel's choice, and joins who connects to
// target, host:port. It ends with the test.
func NewProxy(tb testing.TB, target string) *Proxy {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &Proxy{target: target, listen: l, conns: map[net.Conn]bool{}}
	p.cond = sync.NewCond(&p.mu)
	p.all.Go(p.accept)
	tb.Cleanup(p.close)
	return p
}

// Addr returns host:port to connect to in place of the target.
func (p *Proxy) Addr() string { return p.listen.Addr().String() }

// Cut ends every connection, and new ones at once, until Heal.
func (p *Proxy) Cut() {
	p.change(func() { p.cut = true })
}

// Freeze keeps connections open and lets nothing through until Heal, as a link
// does that is gone without a word.
func (p *Proxy) Freeze() {
	p.change(func() { p.frozen = true })
}

// Heal lets everything through again.
func (p *Proxy) Heal() {
	p.change(func() { p.cut, p.frozen = false, false })
}

// Delay makes everything take longer by d, each way.
func (p *Proxy) Delay(d time.Duration) {
	p.change(func() { p.delay = d })
}

func (p *Proxy) close() {
	_ = p.listen.Close()
	p.change(func() { p.cut, p.ended = true, true })
	p.all.Wait()
}

func (p *Proxy) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	if p.cut {
		for c := range p.conns {
			_ = c.Close()
		}
	}
	p.cond.Broadcast()
}

func (p *Proxy) accept() {
	for {
		c, err := p.listen.Accept()
		if err != nil {
			return
		}
		p.all.Go(func() { p.join(c) })
	}
}

func (p *Proxy) join(c net.Conn) {
	defer c.Close()
	if !p.keep(c) {
		return
	}
	defer p.forget(c)
	s, err := net.DialTimeout("tcp", p.target, 10*time.Second)
	if err != nil {
		return
	}
	defer s.Close()
	if !p.keep(s) {
		return
	}
	defer p.forget(s)
	var ways sync.WaitGroup
	ways.Go(func() { p.pump(s, c) })
	ways.Go(func() { p.pump(c, s) })
	ways.Wait()
}

func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut {
		return false
	}
	p.conns[c] = true
	return true
}

func (p *Proxy) forget(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}

// A parcel is what was read, and when it may go on.
type parcel struct {
	data []byte
	due  time.Time
}

// pump carries what comes from one end to the other, until either ends.
func (p *Proxy) pump(to, from net.Conn) {
	parcels := make(chan parcel, 64)
	var writer sync.WaitGroup
	writer.Go(func() {
		defer to.Close()
		for a := range parcels {
			p.hold(a.due)
			if _, err := to.Write(a.data); err != nil {
				_ = from.Close()
			}
		}
	})
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			p.mu.Lock()
			due := time.Now().Add(p.delay)
			p.mu.Unlock()
			parcels <- parcel{append([]byte(nil), buf[:n]...), due}
		}
		if err != nil {
			break
		}
	}
	close(parcels)
	writer.Wait()
}

// hold returns when what is due then may pass.
func (p *Proxy) hold(due time.Time) {
	p.mu.Lock()
	for p.frozen && !p.cut {
		p.cond.Wait()
	}
	ended := p.cut
	p.mu.Unlock()
	if wait := time.Until(due); wait > 0 && !ended {
		t := time.NewTimer(wait)
		<-t.C
	}
}
