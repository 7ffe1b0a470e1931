//go:build vm && linux

package main_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/internal/vmtest"
	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

// TestVMFaults does to a radio what happens to radios in a vehicle, while it
// hops and while a second one listens: one process, one session for each, from
// the beginning to the end.
func TestVMFaults(t *testing.T) {
	network(t, "six", 6)
	network(t, "eleven", 11)
	r := &road{
		hopping: vmtest.NewRadio(t, vmtest.RadioOptions{}), steady: vmtest.NewRadio(t, vmtest.RadioOptions{}),
		srv: serve(t, kismettest.Config{HopRate: 10}),
	}
	r.name, r.uuid, r.other = r.hopping.Interface, uuidOf(r.hopping), uuidOf(r.steady)
	r.p = captures(t, websocket(r.srv), "", r.name+`:channels="6,11"`, r.steady.Interface+":channel=6,channel_hop=false")
	opened(t, r.srv, r.uuid)
	if src := opened(t, r.srv, r.other); src.Channel != "6" {
		t.Errorf("a source with channel=6 and channel_hop=false is reported to be on %q", src.Channel)
	}
	r.recovered(t)
	for _, fault := range []struct {
		name string
		do   func(*testing.T)
	}{
		{"set down", r.setDown},
		{"taken to managed mode", r.takenAway},
		{"phy renamed", r.renamed},
		{"another interface up", r.busy},
		{"interface removed", r.removed},
		{"unplugged", r.unplugged},
	} {
		if !t.Run(fault.name, fault.do) {
			break // the next ones would only say so again
		}
	}
	for _, uuid := range []string{r.uuid, r.other} {
		src, _ := r.srv.Source(uuid)
		if src.Sessions != 1 || !src.Running {
			t.Errorf("source %s had %d sessions, running %v, want one: its last ended by %q", src.Interface, src.Sessions, src.Running, src.Error)
		}
		for _, m := range src.Messages {
			t.Logf("%s: %v: %s", src.Interface, m.Severity, m.Text)
			readable(t, m.Text)
			if uuid == r.other {
				t.Errorf("of a radio that nothing happened to, the server is told: %s", m.Text)
			}
		}
	}
	r.p.finish(t)
}

// A road is two radios in one sensord: one that things happen to, and one that
// must not notice.
type road struct {
	hopping, steady *vmtest.Radio
	name            string // of the hopping one's interface
	uuid, other     string
	srv             *kismettest.Server
	p               *process
}

// recovered waits until the hopping radio hears both networks, each on its
// channel, and the other one goes on.
func (r *road) recovered(t *testing.T) {
	t.Helper()
	for _, h := range hears(t, r.srv, r.uuid, 3, "six", "eleven") {
		if h.mhz != airOf()[h.ssid] {
			t.Errorf("heard %+v", h)
		}
	}
	r.undisturbed(t)
}

// undisturbed waits until the other radio has heard something from now on.
func (r *road) undisturbed(t *testing.T) {
	t.Helper()
	for _, h := range hears(t, r.srv, r.other, 5, "six") {
		if h.ssid != "six" {
			t.Errorf("the other radio heard %+v", h)
		}
	}
}

// told waits until server and log say what happened, in these words.
func (r *road) told(t *testing.T, words ...string) {
	t.Helper()
	complains(t, r.srv, r.uuid, words...)
	for _, w := range words {
		r.p.await(t, w)
	}
}

// back waits until the server is told that the radio is back.
func (r *road) back(t *testing.T) {
	t.Helper()
	until(t, r.srv, r.uuid, "the radio is said to be back", func(src kismettest.Source) bool {
		last := len(src.Messages) - 1
		return last >= 0 && strings.Contains(src.Messages[last].Text, "is back")
	})
}

// again waits until the radio is back and does all that it did. Then nothing is
// complained of any more.
func (r *road) again(t *testing.T) {
	t.Helper()
	r.back(t)
	r.recovered(t)
	src, _ := r.srv.Source(r.uuid)
	for _, m := range slices.Backward(src.Messages) {
		if strings.Contains(m.Text, "is back") {
			return
		}
		if m.Severity == kismet.Error {
			t.Errorf("after the radio is back, the server is told: %s", m.Text)
		}
	}
}

func (r *road) setDown(t *testing.T) {
	vmtest.SetUp(t, r.name+"mon", false)
	r.told(t, r.name, r.name+"mon was set down")
	r.undisturbed(t)
	r.again(t)
}

// takenAway changes the mode while sensord is held: that takes two steps, and
// it sees the first one at once.
func (r *road) takenAway(t *testing.T) {
	r.hold(t, func() {
		vmtest.SetUp(t, r.name+"mon", false)
		vmtest.IW(t, "dev", r.name+"mon", "set", "type", "managed")
		vmtest.SetUp(t, r.name+"mon", true)
	})
	r.told(t, r.name+"mon was taken from monitor to managed mode")
	r.again(t)
}

// hold does something while sensord does not run.
func (r *road) hold(t *testing.T, do func()) {
	t.Helper()
	if err := r.p.Process.Signal(unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.p.Process.Signal(unix.SIGCONT); err != nil {
			t.Error(err)
		}
	}()
	vmtest.Wait(t, "sensord stands still", func() bool {
		return strings.Contains(proc(t, r.p.Process.Pid, "status"), "State:\tT")
	})
	do()
}

// renamed: nothing ends, but it is said.
func (r *road) renamed(t *testing.T) {
	now := time.Now()
	r.hopping.Rename(t, "mast")
	until(t, r.srv, r.uuid, "the new name is told", func(src kismettest.Source) bool {
		return len(src.Messages) > 0 && strings.Contains(src.Messages[len(src.Messages)-1].Text, "mast")
	})
	r.p.await(t, "mast")
	r.recovered(t)
	if list := beacons(t, r.srv, r.uuid, now); len(list) == 0 {
		t.Error("nothing was heard")
	}
	if names := r.hopping.Interfaces(); !slices.Contains(names, r.name+"mon") {
		t.Errorf("the radio has the interfaces %q", names)
	}
}

// busy keeps the radio from being tuned for as long as the other interface is up.
func (r *road) busy(t *testing.T) {
	vmtest.IW(t, "phy", r.hopping.Name(), "interface", "add", "extra", "type", "managed")
	vmtest.SetUp(t, "extra", true)
	r.told(t, "it cannot be tuned any more, because its interface extra came up")
	r.back(t) // it captures, where it is
	r.told(t, "tune to", "its interface extra is up")
	r.undisturbed(t)
	vmtest.SetUp(t, "extra", false)
	r.p.await(t, "the radio can be tuned again")
	r.recovered(t)
	vmtest.IW(t, "dev", "extra", "del")
}

func (r *road) removed(t *testing.T) {
	vmtest.IW(t, "dev", r.name+"mon", "del")
	r.told(t, "its monitor interface "+r.name+"mon was removed")
	r.undisturbed(t)
	r.again(t)
}

// unplugged takes the radio away and plugs it in again.
func (r *road) unplugged(t *testing.T) {
	mac := r.hopping.MAC
	r.hopping.Delete(t)
	r.told(t, "it was unplugged")
	r.undisturbed(t)
	if src, _ := r.srv.Source(r.uuid); !src.Running {
		t.Errorf("without its radio, the session ended by %q", src.Error)
	}
	r.hopping = vmtest.NewRadio(t, vmtest.RadioOptions{MAC: mac})
	if r.hopping.Interface != r.name || uuidOf(r.hopping) != r.uuid {
		t.Fatalf("the same radio came back as %s, %s; want %s, %s", r.hopping.Interface, uuidOf(r.hopping), r.name, r.uuid)
	}
	r.again(t)
}
