package linuxwifi

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/capture/nl80211"
)

func TestOpenPutsBackWhatItsOwnCrashedRunLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := situation{radio: "wlan0", want: "wlan0mon"}
		f := s.machine()
		before := f.String()
		f.trouble = func(_ int, op string) trouble {
			if op == "socket" {
				return diesAfter
			}
			return fine
		}
		if _, err := s.life(t, f); !errors.Is(err, errKilled) {
			t.Fatalf("error %v, want %v", err, errKilled)
		}
		f.reborn()
		if _, err := s.life(t, f); err != nil {
			t.Fatal(err)
		}
		wantSame(t, before, f)
	})
}

// advance lets the time of a synctest bubble pass.
func advance(t *testing.T, d time.Duration) {
	t.Helper()
	<-time.After(d)
	synctest.Wait()
}

// crash opens wlan0 and kills the process.
func crash(t *testing.T) *fake {
	t.Helper()
	f := newFake()
	f.trouble = func(_ int, op string) trouble {
		if op == "socket" {
			return diesAfter
		}
		return fine
	}
	s := situation{radio: "wlan0"}
	if _, err := s.life(t, f); !errors.Is(err, errKilled) {
		t.Fatalf("error %v, want %v", err, errKilled)
	}
	f.reborn()
	return f
}

// TestRestoreRemovesOnlyItsOwn changes the machine between a crash and the
// next start, so that what is there now only looks like what was made.
func TestRestoreRemovesOnlyItsOwn(t *testing.T) {
	const own = 5 // the index that wlan0mon got
	tests := []struct {
		name   string
		change func(*fake)
		stays  int
	}{
		{"renamed", func(f *fake) { f.ifaces[own].name = "precious" }, own},
		{"on another phy", func(f *fake) { f.ifaces[own].phy = 1 }, own},
		{"no Wi-Fi any more", func(f *fake) { f.ifaces[own].phy = -1 }, own},
		{"another boot", func(f *fake) { f.boot = "boot-2 net:[1]" }, own},
		{"another network namespace", func(f *fake) { f.boot = "boot-1 net:[2]" }, own},
		{"same name, other index", func(f *fake) {
			f.ifaces[30] = f.ifaces[own]
			delete(f.ifaces, own)
		}, 30},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := crash(t)
				test.change(f)
				if err := f.restore(t.Context()); err != nil {
					t.Error(err)
				}
				if f.ifaces[test.stays] == nil {
					t.Errorf("interface %d was removed:\n%s", test.stays, f)
				}
			})
		})
	}
}

func TestRestoreLeavesAHalfMadeInterfaceOfOthersAlone(t *testing.T) {
	tests := []struct {
		name string
		make func(*fake)
	}{
		{"it was there before", func(f *fake) { f.ifaces[2] = &fakeIface{name: "wlan0mon", phy: 0, kind: nl80211.TypeMonitor} }},
		{"it is in use", func(f *fake) { f.ifaces[9] = &fakeIface{name: "wlan0mon", phy: 0, kind: nl80211.TypeMonitor, up: true} }},
		{"it is no monitor", func(f *fake) { f.ifaces[9] = &fakeIface{name: "wlan0mon", phy: 0, kind: nl80211.TypeStation} }},
		{"it is another phy's", func(f *fake) { f.ifaces[9] = &fakeIface{name: "wlan0mon", phy: 1, kind: nl80211.TypeMonitor} }},
		{"it has another name", func(f *fake) { f.ifaces[9] = &fakeIface{name: "theirs", phy: 0, kind: nl80211.TypeMonitor} }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFake()
			test.make(f)
			about := change{Kind: changedVIF, Phy: 0, Name: "wlan0mon", Above: 4}
			saved, err := state{Version: stateVersion, Boot: f.boot, Interface: "wlan0", Changes: []change{about}}.encode()
			if err != nil {
				t.Fatal(err)
			}
			f.disk["wlan0"] = saved
			before := f.String()
			if err := f.restore(t.Context()); err != nil {
				t.Error(err)
			}
			wantSame(t, before, f)
			wantNoFiles(t, f)
		})
	}
}

func TestRestoreLeavesRunningProcessesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		s := situation{radio: "wlan0"}
		r, err := open(t.Context(), f.machine(), s.options(t))
		if err != nil {
			t.Fatal(err)
		}
		during := f.String()
		if err := f.restore(t.Context()); err != nil {
			t.Error(err)
		}
		wantSame(t, during, f)
		_, err = open(t.Context(), f.machine(), s.options(t))
		if err == nil || !strings.Contains(err.Error(), "another sensord") {
			t.Errorf("second open: %v", err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestRenamedInterfacesArePutBackToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		var notices []Notice
		s := situation{radio: "wlan0"}
		o := s.options(t)
		o.Notify = func(n Notice) { notices = append(notices, n) }
		r, err := open(t.Context(), f.machine(), o)
		if err != nil {
			t.Fatal(err)
		}
		f.do(func() { f.ifaces[3].name, f.ifaces[5].name, f.phys[0].name = "left", "ears", "roof" })
		synctest.Wait()
		advance(t, lookEvery*2)
		d := r.Details()
		if d.Interface != "left" || d.CaptureInterface != "ears" || d.Phy != "roof" || len(notices) != 2 {
			t.Errorf("details %+v, notices %v", d, notices)
		}
		f.mu.Lock()
		f.kill()
		f.mu.Unlock()
		_ = r.Close()
		f.reborn()
		if err := f.restore(t.Context()); err != nil {
			t.Error(err)
		}
		if f.ifaces[5] != nil || !f.ifaces[3].up {
			t.Errorf("machine is not as it was:\n%s", f)
		}
	})
}
