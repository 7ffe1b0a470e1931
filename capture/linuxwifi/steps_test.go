package linuxwifi

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/nl80211"
)

// A situation is a machine as a radio may find it.
type situation struct {
	name  string
	radio string // definition
	set   func(*fake)
	want  string // the capture interface
}

func situations() []situation {
	noVIF := func(f *fake) { f.phys[0].vif = refuse("add monitor", unix.EOPNOTSUPP) }
	return []situation{
		{name: "a managed interface that is up", radio: "wlan0", want: "wlan0mon"},
		{name: "an interface that is down and no NetworkManager", radio: "wlan1", want: "wlan1mon", set: func(f *fake) { f.nm = "" }},
		{name: "switched off in software", radio: "wlan1", want: "wlan1mon", set: func(f *fake) { f.phys[1].soft = true }},
		{name: "no second interface", radio: "wlan0", want: "wlan0", set: noVIF},
		{name: "no second interface, down, off", radio: "wlan1", want: "wlan1", set: func(f *fake) {
			f.phys[1].vif, f.phys[1].soft = refuse("add monitor", unix.EOPNOTSUPP), true
		}},
		{name: "a driver that only switches", radio: "wlan0", want: "wlan0", set: func(f *fake) { f.ifaces[3].driver = "88XXau" }},
		{name: "an access point", radio: "wlan0:vif=wlan0", want: "wlan0", set: func(f *fake) { f.ifaces[3].kind = nl80211.TypeAP }},
		{name: "the parent stays up", radio: "wlan0:ignoreprimary=true", want: "wlan0mon"},
		{name: "NetworkManager refuses", radio: "wlan0", want: "wlan0mon", set: func(f *fake) { f.nm = "refuses" }},
		{name: "names taken", radio: "wlan0", want: "kismon1", set: func(f *fake) {
			f.ifaces[20] = &fakeIface{name: "wlan0mon", phy: 1, kind: nl80211.TypeMonitor, up: true}
			f.ifaces[21] = &fakeIface{name: "other", alt: []string{"kismon0"}, phy: -1}
			f.next = 22
		}},
		{name: "a long name", radio: "wlx001122334455", want: "kismon0", set: func(f *fake) { f.ifaces[3].name = "wlx001122334455" }},
		{name: "a monitor, up", radio: "wlan1", want: "wlan1", set: func(f *fake) {
			f.ifaces[4].kind, f.ifaces[4].up = nl80211.TypeMonitor, true
		}},
		{name: "a monitor, down, with more flags", radio: "wlan1:fcsfail=true,plcpfail=true", want: "wlan1", set: func(f *fake) {
			f.ifaces[4].kind, f.ifaces[4].flags = nl80211.TypeMonitor, nl80211.MonitorDefault
		}},
		{name: "another's monitor named", radio: "wlan0:vif=theirs,fcsfail=true", want: "theirs", set: func(f *fake) {
			f.ifaces[20] = &fakeIface{name: "theirs", phy: 0, kind: nl80211.TypeMonitor, flags: nl80211.MonitorDefault}
			f.next = 21
		}},
		{name: "a name for the monitor, and a channel", radio: "wlan0:vif=mon7,channel=6", want: "mon7"},
		{name: "a channel that is refused", radio: "wlan0:channel=13", want: "wlan0mon"},
	}
}

// machineIn returns a new machine in the situation.
func (s situation) machine() *fake {
	f := newFake()
	if s.set != nil {
		s.set(f)
	}
	return f
}

func (s situation) options(t *testing.T) Options {
	t.Helper()
	d, err := capture.ParseDefinition(s.radio)
	if err != nil {
		t.Fatal(err)
	}
	return Options{Definition: d, StateDir: "state"}
}

// life opens and closes a radio and lets its watcher look once.
func (s situation) life(t *testing.T, f *fake) (opened bool, err error) {
	t.Helper()
	m := f.machine()
	r, err := open(t.Context(), m, s.options(t))
	if err != nil {
		return false, err
	}
	synctest.Wait()
	if got := r.Details().CaptureInterface; got != s.want {
		t.Errorf("captures from %s, want %s", got, s.want)
	}
	return true, r.Close()
}

func TestCloseLeavesTheMachineAsItWas(t *testing.T) {
	for _, s := range situations() {
		t.Run(s.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := s.machine()
				before := f.String()
				if _, err := s.life(t, f); err != nil {
					t.Fatal(err)
				}
				wantSame(t, before, f)
				wantNoFiles(t, f)
			})
		})
	}
}

func wantSame(t *testing.T, before string, f *fake) {
	t.Helper()
	if after := f.String(); after != before {
		t.Errorf("machine changed (-before +after):\n%s\nafter the steps %q", cmp.Diff(before, after), f.steps)
	}
}

func wantNoFiles(t *testing.T, f *fake) {
	t.Helper()
	if len(f.disk) > 0 {
		t.Errorf("state was left: %s", f.disk)
	}
}

// TestAnyStepMayFail makes each step of a radio's life fail, in turn: without
// effect, and with its effect but no answer. A failure while opening leaves no
// trace; what fails while closing is done at the next start.
func TestAnyStepMayFail(t *testing.T) {
	for _, s := range situations() {
		for _, how := range []trouble{failsBefore, failsAfter} {
			t.Run(fmt.Sprintf("%s/%d", s.name, how), func(t *testing.T) {
				s.eachStep(t, how, func(t *testing.T, f *fake, before string, step int) {
					opened, err := s.life(t, f)
					closing := opened && err != nil
					if closing || len(f.steps) <= step {
						f.reborn()
						if err := f.restore(t.Context()); err != nil {
							t.Errorf("restore: %v", err)
						}
					}
					wantSame(t, before, f)
				})
			})
		}
	}
}

// TestAnyStepMayBeTheLast kills the process at each step, before it has its
// effect and after.
func TestAnyStepMayBeTheLast(t *testing.T) {
	for _, s := range situations() {
		for _, how := range []trouble{diesBefore, diesAfter} {
			t.Run(fmt.Sprintf("%s/%d", s.name, how), func(t *testing.T) {
				s.eachStep(t, how, func(t *testing.T, f *fake, before string, _ int) {
					_, _ = s.life(t, f) // ends in one way or another
					f.reborn()
					if err := f.restore(t.Context()); err != nil {
						t.Errorf("restore: %v", err)
					}
					wantSame(t, before, f)
				})
			})
		}
	}
}

// eachStep runs a life for each of its steps, with the trouble at that one.
func (s situation) eachStep(t *testing.T, how trouble, run func(t *testing.T, f *fake, before string, step int)) {
	t.Helper()
	for step := 0; ; step++ {
		reached := false
		synctest.Test(t, func(t *testing.T) {
			f := s.machine()
			before := f.String()
			f.trouble = func(n int, _ string) trouble {
				if n != step {
					return fine
				}
				reached = true
				return how
			}
			run(t, f, before, step)
			if t.Failed() {
				t.Logf("trouble %d at step %d, %s", how, step, f.steps[min(step, len(f.steps)-1)])
			}
		})
		if !reached || t.Failed() {
			return
		}
	}
}
