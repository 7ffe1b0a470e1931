package uplink_test

import (
	"context"
	"net"
	"sync"
	"time"
)

// A line is the way to a server, with a rate and a delay in each direction. It
// can go dead, as the path of a modem without coverage: nothing comes through any
// more, not even that an end was closed.
type line struct {
	dial           func(ctx context.Context, network, addr string) (net.Conn, error)
	bytesPerSecond int           // 0 is no limit
	delay          time.Duration // one way
	depth          int           // bytes that wait in front of it; 0 is 64 KiB

	carriers sync.WaitGroup

	mu   sync.Mutex
	dead chan struct{} // closed by cut; of the connections that were made before
}

// over puts a line between a rig and its server.
func (l *line) over(r *rig) *line {
	l.dial, l.dead = r.dialer.NetDial, make(chan struct{})
	r.t.Cleanup(l.carriers.Wait)
	r.dialer.NetDial = l.DialContext
	return l
}

// cut kills all connections there are. New ones work.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.dead)
	l.dead = make(chan struct{})
}

// DialContext connects through the line.
func (l *line) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	far, err := l.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	dead := l.dead
	l.mu.Unlock()
	ours, near := net.Pipe()
	l.carriers.Go(func() { l.carry(far, near, dead) })
	l.carriers.Go(func() { l.carry(near, far, dead) })
	return ours, nil
}

const piece = 4096

// carry takes bytes from src to dst until either ends. A dead line swallows them
// and leaves the other end open.
func (l *line) carry(dst, src net.Conn, dead <-chan struct{}) {
	type parcel struct {
		data []byte
		due  time.Time
	}
	depth := l.depth
	if depth == 0 {
		depth = 64 << 10
	}
	waiting, flying := make(chan []byte, depth/piece), make(chan parcel, 1024)
	var stages sync.WaitGroup
	stages.Go(func() { // the rate
		defer close(flying)
		for data := range waiting {
			if l.bytesPerSecond > 0 {
				elapse(time.Duration(len(data)) * time.Second / time.Duration(l.bytesPerSecond))
			}
			flying <- parcel{data, time.Now().Add(l.delay)}
		}
	})
	stages.Go(func() { // the delay
		for p := range flying {
			elapse(time.Until(p.due))
			if !isClosed(dead) {
				_, _ = dst.Write(p.data) // who went away is noticed below
			}
		}
	})
	for {
		data := make([]byte, piece)
		n, err := src.Read(data)
		if err != nil {
			break
		}
		if !isClosed(dead) {
			waiting <- data[:n]
		}
	}
	close(waiting)
	stages.Wait()
	if !isClosed(dead) {
		_ = dst.Close()
	}
	_ = src.Close()
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
