//go:build vm && linux

package main_test

import (
	"strings"
	"testing"

	"github.com/sensord/sensord/internal/vmtest"
)

// TestVMPutsRadiosBack compares the machine before and after sensord, ended in
// order and killed.
func TestVMPutsRadiosBack(t *testing.T) {
	m := newParked(t)
	before := wireless(t)
	t.Logf("before:\n%s", before)
	state := t.TempDir()

	t.Run("end", func(t *testing.T) {
		p, during := m.capture(t, state, m.sources...)
		if during == before {
			t.Error("nothing was changed to capture")
		}
		p.finish(t)
		same(t, before)
	})
	t.Run("kill and start again", func(t *testing.T) {
		m.kill(t, state, before)
		p, during := m.capture(t, state, m.sources...)
		p.finish(t)
		t.Logf("during:\n%s", during)
		same(t, before)
	})
	t.Run("kill and start with one of them", func(t *testing.T) {
		m.kill(t, state, before)
		p, during := m.capture(t, state, m.sources[0])
		for line := range strings.Lines(before) {
			if !strings.HasPrefix(line, m.up+" ") && !strings.Contains(during, line) {
				t.Errorf("the machine had\n%sand has, with the next sensord,\n%s", line, during)
			}
		}
		p.finish(t)
		same(t, before)
	})
	t.Run("kill and start behind a removal", func(t *testing.T) {
		m.kill(t, state, before)
		vmtest.IW(t, "dev", m.up+"mon", "del") // somebody tidied up
		p, _ := m.capture(t, state, m.sources...)
		p.finish(t)
		same(t, before)
	})
}

// parked are radios in all the ways that sensord finds them in.
type parked struct {
	up, down, monitor, blocked string // interfaces
	sources, uuids             []string
}

func newParked(t *testing.T) *parked {
	t.Helper()
	m := &parked{}
	for _, name := range []*string{&m.up, &m.down, &m.monitor, &m.blocked} {
		r := vmtest.NewRadio(t, vmtest.RadioOptions{})
		*name = r.Interface
		if name == &m.blocked {
			r.Block(t, true)
		}
		m.sources = append(m.sources, r.Interface+":channel=6")
		m.uuids = append(m.uuids, uuidOf(r))
	}
	vmtest.SetUp(t, m.up, true)
	vmtest.IW(t, "dev", m.monitor, "set", "type", "monitor")
	vmtest.SetUp(t, m.monitor, true)
	return m
}

// capture starts sensord on the sources and waits until all are open. It
// returns how the machine then is.
func (m *parked) capture(t *testing.T, state string, sources ...string) (p *process, during string) {
	t.Helper()
	srv := serve(t, unhurried())
	p = captures(t, websocket(srv), state, sources...)
	for i := range sources {
		opened(t, srv, m.uuids[i])
	}
	return p, wireless(t)
}

// kill leaves the machine as a killed sensord does.
func (m *parked) kill(t *testing.T, state, before string) {
	t.Helper()
	p, during := m.capture(t, state, m.sources...)
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.exit(t)
	if now := wireless(t); now != during || now == before {
		t.Errorf("behind the killed sensord the machine has\n%s, and it had\n%s", now, during)
	}
}

func same(t *testing.T, before string) {
	t.Helper()
	if now := wireless(t); now != before {
		t.Errorf("the machine had\n%sand has\n%s", before, now)
	}
}
