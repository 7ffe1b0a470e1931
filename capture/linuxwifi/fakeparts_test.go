package linuxwifi

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
)

// A fakeStore is a file in memory, and a lock that ends with its process.
type fakeStore struct {
	f     *fake
	iface string
}

func (f *fake) openStore(_, iface string) (store, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.locked[iface] {
		return nil, errLocked
	}
	f.locked[iface] = true
	return &fakeStore{f: f, iface: iface}, nil
}

func (s *fakeStore) Load() (state, error) {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	data, ok := s.f.disk[s.iface]
	if !ok {
		return state{}, os.ErrNotExist
	}
	return readState(bytes.NewReader(data))
}

func (s *fakeStore) Save(st state) error {
	return s.f.step("save", func() (err error) {
		s.f.disk[s.iface], err = st.encode()
		return err
	})
}

func (s *fakeStore) Remove() error {
	return s.f.step("remove", func() error {
		delete(s.f.disk, s.iface)
		return nil
	})
}

func (s *fakeStore) Close() error {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	delete(s.f.locked, s.iface)
	return nil
}

// restore is what the next start does.
func (f *fake) restore(ctx context.Context) error {
	return restoreAll(ctx, f.machine(), "state", slices.Sorted(maps.Keys(f.disk)), nil)
}

// A fakeSocket delivers what the test puts into it.
type fakeSocket struct {
	config  SocketConfig
	batches chan *capture.Batch
	broken  chan error
	closed  chan struct{}
	filter  Filter
	refuses error // why the kernel does not take the filter
}

func (f *fake) openFrame(c SocketConfig) (frameSocket, error) {
	s := &fakeSocket{
		config: c, filter: c.Filter,
		batches: make(chan *capture.Batch, 4), broken: make(chan error, 1), closed: make(chan struct{}),
	}
	return s, f.step("socket", func() error {
		l := f.ifaces[c.Index]
		if l == nil {
			return unix.ENODEV
		}
		f.sockets = append(f.sockets, s)
		return nil
	})
}

func (s *fakeSocket) ReadBatch(ctx context.Context) (*capture.Batch, error) {
	select {
	case b := <-s.batches:
		return b, nil
	default:
	}
	select {
	case b := <-s.batches:
		return b, nil
	case err := <-s.broken:
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

func (s *fakeSocket) SetFilter(f Filter) error {
	s.filter = f
	return nil
}
func (s *fakeSocket) Stats() SocketStats         { return SocketStats{Received: 7} }
func (s *fakeSocket) LinkType() capture.LinkType { return capture.LinkTypeRadiotap }
func (s *fakeSocket) Close() error {
	close(s.closed)
	return nil
}

type fakeBuses struct{ f *fake }

func (b fakeBuses) Hardware(_ string, index int) (driver, bus string) {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	return b.f.ifaces[index].driver, "1-1:1.0"
}

type fakeManager struct{ f *fake }

func (m fakeManager) Managed(_ context.Context, name string) (managed bool, err error) {
	err = m.f.step("managed "+name, func() error {
		l := m.f.named(name)
		if m.f.nm == "" || l == nil {
			return errAbsent
		}
		managed = l.managed
		return nil
	})
	return managed, err
}

func (m fakeManager) SetManaged(_ context.Context, name string, managed bool) error {
	return m.f.step("manage "+name, func() error {
		l := m.f.named(name)
		switch {
		case m.f.nm == "" || l == nil:
			return errAbsent
		case m.f.nm == "refuses":
			return fmt.Errorf("%w: not authorized", errRefused)
		}
		l.managed = managed
		return nil
	})
}

func (f *fake) named(name string) *fakeIface {
	for _, l := range f.ifaces {
		if l.name == name {
			return l
		}
	}
	return nil
}

type fakeSwitch struct{ f *fake }

func (s fakeSwitch) Blocked(phy int) (b block, err error) {
	err = s.f.step("blocked?", func() error {
		p := s.f.phys[phy]
		if p == nil {
			return os.ErrNotExist
		}
		b = block{Soft: p.soft, Hard: p.hard}
		return nil
	})
	return b, err
}

func (s fakeSwitch) SetSoft(phy int, blocked bool) error {
	return s.f.step("soft block", func() error {
		p := s.f.phys[phy]
		if p.locked {
			return unix.EPERM
		}
		p.soft = blocked
		if blocked {
			s.f.downAll(phy)
		}
		return nil
	})
}

func (s fakeSwitch) Writable(phy int) bool { return !s.f.phys[phy].locked }

func (f *fake) downAll(phy int) {
	for _, l := range f.ifaces {
		if l.phy == phy {
			l.up = false
		}
	}
}

func (s *fakeSocket) FilterProblem() error { return s.refuses }
