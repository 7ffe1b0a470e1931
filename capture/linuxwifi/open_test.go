package linuxwifi

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/bpf"
	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/internal/fault"
)

// openOn opens a radio on a fake machine, in a synctest bubble; it is closed
// with the test.
func openOn(t *testing.T, f *fake, o Options, text string) *Radio {
	t.Helper()
	r, err := tryOpen(t, f, o, text)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	synctest.Wait()
	return r
}

func tryOpen(t *testing.T, f *fake, o Options, text string) (*Radio, error) {
	t.Helper()
	d, err := capture.ParseDefinition(text)
	if err != nil {
		t.Fatal(err)
	}
	o.Definition, o.StateDir = d, "state"
	return open(t.Context(), f.machine(), o)
}

// TestWhyARadioDoesNotOpen also is the list of what a person reads then.
func TestWhyARadioDoesNotOpen(t *testing.T) {
	tests := []struct {
		name  string
		radio string
		set   func(*fake)
		code  fault.Code
		want  string
	}{
		{"no such interface", "wlan7", nil, fault.RadioMissing, "radio wlan7: there is no such interface"},
		{"Ethernet", "eth0", nil, fault.RadioMissing, "radio eth0: this is no Wi-Fi interface"},
		{"hwsim's tap", "hwsim0", nil, fault.RadioMissing, "radio hwsim0: this is no Wi-Fi interface"},
		{"a path", "../wlan0", nil, fault.ConfigSource, "radio ../wlan0: this is no interface name"},
		{"one capability", "wlan0", func(f *fake) { f.lacks = []string{"CAP_NET_RAW"} },
			fault.RadioPermission, "radio wlan0: the capability CAP_NET_RAW is missing"},
		{"both capabilities", "wlan0", func(f *fake) { f.lacks = []string{"CAP_NET_ADMIN", "CAP_NET_RAW"} },
			fault.RadioPermission, "radio wlan0: the capabilities CAP_NET_ADMIN and CAP_NET_RAW are missing"},
		{"no monitor mode", "wlan0", func(f *fake) { f.phys[0].types = f.phys[0].types[:1] },
			fault.RadioUnsupported, "radio wlan0: its driver (mac80211_hwsim) has no monitor mode"},
		{"hard block", "wlan0", func(f *fake) { f.phys[0].hard = true },
			fault.RadioBlocked, "radio wlan0: it is switched off in hardware (rfkill)"},
		{"soft block that stays", "wlan1", func(f *fake) { f.phys[1].soft, f.phys[1].locked = true, true },
			fault.RadioBlocked, "radio wlan1: it is switched off in software (rfkill), and unblocking it is refused: operation not permitted"},
		{"vif= of another radio", "wlan0:vif=theirs", func(f *fake) {
			f.ifaces[9] = &fakeIface{name: "theirs", phy: 1, kind: nl80211.TypeMonitor}
		}, fault.ConfigSource, "radio wlan0: vif=theirs is there already, and is no monitor interface of this radio"},
		{"vif= of no radio", "wlan0:vif=eth0", nil,
			fault.ConfigSource, "radio wlan0: vif=eth0 is there already, and is no monitor interface of this radio"},
		{"vif= too long", "wlan0:vif=abcdefghijklmnop", nil,
			fault.ConfigSource, "radio wlan0: vif=abcdefghijklmnop is no interface name"},
		{"channel= that is none", "wlan0:channel=banana", nil, fault.ConfigSource, ""},
		{"driver refuses", "wlan0", func(f *fake) {
			f.phys[0].vif = &nl80211.Error{Op: "add monitor", Errno: unix.EINVAL, Message: "Too many interfaces"}
		}, fault.RadioDriver, "radio wlan0: prepare a monitor interface: too many interfaces"},
		{"every name taken", "wlan0", func(f *fake) { f.phys[0].vif = refuse("add monitor", unix.ENFILE) },
			fault.RadioDriver, "radio wlan0: every name for a monitor interface is taken"},
		{"no permission after all", "wlan0", func(f *fake) { f.phys[0].vif = refuse("add monitor", unix.EPERM) },
			fault.RadioPermission, "radio wlan0: prepare a monitor interface: operation not permitted"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				if test.set != nil {
					test.set(f)
				}
				before := f.String()
				_, err := tryOpen(t, f, Options{}, test.radio)
				if got := fault.CodeOf(err); got != test.code || test.want != "" && err.Error() != test.want {
					t.Errorf("%s %v\nwant %s %s", got, err, test.code, test.want)
				}
				if fault.RemedyOf(err) == "" {
					t.Errorf("no remedy for %v", err)
				}
				wantSame(t, before, f)
				wantNoFiles(t, f)
			})
		})
	}
}

func TestNotesOfAnOpenRadio(t *testing.T) {
	tests := []struct {
		name  string
		radio string
		set   func(*fake)
		want  string
	}{
		{"nothing to note", "wlan0:channel=6", nil, ""},
		{"NetworkManager refuses", "wlan0", func(f *fake) { f.nm = "refuses" },
			"NetworkManager may disturb it (it refuses: not authorized): type: nmcli device set wlan0 managed no"},
		{"channel refused", "wlan0:channel=13", nil, "channel=13: radio wlan0: tune to 13: disabled"},
		{"parent stays up", "wlan0:ignoreprimary=true", nil, "it cannot be tuned while its interface wlan0 is up"},
		{"no second interface", "wlan0", func(f *fake) { f.phys[0].vif = refuse("add monitor", unix.EOPNOTSUPP) },
			"its driver (mac80211_hwsim) cannot have a second interface: wlan0 is switched to monitor mode"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				if test.set != nil {
					test.set(f)
				}
				var log bytes.Buffer
				r := openOn(t, f, Options{Log: slog.New(slog.NewTextHandler(&log, nil))}, test.radio)
				notes := strings.Join(r.Details().Notes, "\n")
				if !strings.HasPrefix(notes, test.want) || test.want == "" && notes != "" {
					t.Errorf("notes %q, want %q", notes, test.want)
				}
				if test.want != "" && !strings.Contains(log.String(), "level=WARN") {
					t.Errorf("not logged: %s", log.String())
				}
			})
		})
	}
}

func TestMonitorHasTheWholeFlagSet(t *testing.T) {
	for text, want := range map[string]nl80211.MonitorFlags{
		"wlan0":                             nl80211.MonitorControl | nl80211.MonitorOtherBSS,
		"wlan0:fcsfail=true":                nl80211.MonitorControl | nl80211.MonitorOtherBSS | nl80211.MonitorFCSFail,
		"wlan0:plcpfail=t":                  nl80211.MonitorControl | nl80211.MonitorOtherBSS | nl80211.MonitorPLCPFail,
		"wlan0:vif=wlan0,fcsfail=true":      nl80211.MonitorControl | nl80211.MonitorOtherBSS | nl80211.MonitorFCSFail,
		"wlan0:fcsfail=false,plcpfail=true": nl80211.MonitorControl | nl80211.MonitorOtherBSS | nl80211.MonitorPLCPFail,
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			r := openOn(t, f, Options{}, text)
			if got := f.ifaces[r.Details().CaptureIndex].flags; got != want {
				t.Errorf("%s: flags %v, want %v", text, got, want)
			}
		})
	}
}

func TestDetailsAndChannels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := openOn(t, newFake(), Options{}, "wlan0:channel=6HT40+")
		want := Details{
			Interface: "wlan0", CaptureInterface: "wlan0mon", CaptureIndex: 5, Phy: "phy0", Driver: "mac80211_hwsim", Bus: "1-1:1.0",
			MAC: net.HardwareAddr{2, 0, 0, 0, 0, 3}, LinkType: capture.LinkTypeRadiotap,
		}
		if diff := cmp.Diff(want, r.Details()); diff != "" {
			t.Errorf("details (-want +got):\n%s", diff)
		}
		if got := r.Tuned().String(); got != "6HT40+" {
			t.Errorf("tuned to %s", got)
		}
		i := slices.IndexFunc(r.Channels(), func(c capture.ListedChannel) bool { return c.Name == "13" })
		if i < 0 || r.Channels()[i].Off == "" || len(r.Bands()) != 1 {
			t.Errorf("channels %+v", r.Channels())
		}
		if got := r.Stats().Received; got != 7 {
			t.Errorf("received %d", got)
		}
	})
}

func TestSocketGetsFilterAndSize(t *testing.T) {
	program, err := bpf.Compile(bpf.Spec{Mgmt: true}, capture.LinkTypeRadiotap, 4096)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		r := openOn(t, f, Options{RingBytes: 1 << 20, Plain: true, Filter: program}, "wlan0")
		want := SocketConfig{Interface: "wlan0mon", Index: 5, RingBytes: 1 << 20, Plain: true, Filter: program}
		if got := f.sockets[0].config; got != want {
			t.Errorf("socket %+v, want %+v", got, want)
		}
		for _, p := range []*bpf.Program{nil, program} {
			if err := r.SetFilter(p); err != nil {
				t.Error(err)
			}
			if got := f.sockets[0].filter; p == nil && got != nil || p != nil && got != Filter(p) {
				t.Errorf("filter %v, want %v", got, p)
			}
		}
		if none := openOn(t, f, Options{}, "wlan1"); f.sockets[1].config.Filter != nil {
			t.Errorf("%s has the filter %v", none.Details().Interface, f.sockets[1].config.Filter)
		}
	})
}

func TestAltNameOpensTheInterface(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.ifaces[3].alt = []string{"the-one-on-the-roof"}
		r := openOn(t, f, Options{}, "the-one-on-the-roof")
		if got := r.Details().Interface; got != "wlan0" {
			t.Errorf("interface %s", got)
		}
	})
}

func TestRadioWithoutAPlaceForItsStateWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		m := f.machine()
		m.openStore = func(string, string) (store, error) { return nil, os.ErrPermission }
		before := f.String()
		r, err := open(t.Context(), m, Options{Interface: "wlan0", StateDir: "state"})
		if err != nil {
			t.Fatal(err)
		}
		if notes := r.Details().Notes; len(notes) != 1 || !strings.Contains(notes[0], "no state file") {
			t.Errorf("notes %q", notes)
		}
		if err := errors.Join(r.Close(), r.Close()); err != nil {
			t.Error(err)
		}
		wantSame(t, before, f)
	})
}

func TestOpenEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		before := f.String()
		ctx, cancel := context.WithCancel(t.Context())
		f.trouble = func(_ int, op string) trouble {
			if op == "add monitor" {
				cancel()
			}
			return fine
		}
		_, err := open(ctx, f.machine(), Options{Interface: "wlan0", StateDir: "state"})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		wantSame(t, before, f)
	})
}

func TestSeveralRadiosKnowNothingOfEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		before := f.String()
		a, err := tryOpen(t, f, Options{}, "wlan0:channel=1")
		b, err2 := tryOpen(t, f, Options{}, "wlan1:channel=11")
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		if a.Tuned().Number() != 1 || b.Tuned().Number() != 11 {
			t.Errorf("tuned to %v and %v", a.Tuned(), b.Tuned())
		}
		f.do(func() { f.ifaces[a.Details().CaptureIndex].up = false })
		synctest.Wait()
		if _, err := a.ReadBatch(t.Context()); fault.CodeOf(err) != fault.RadioDown {
			t.Errorf("first radio: %v", err)
		}
		f.sockets[1].batches <- capture.NewBatch()
		got, err := b.ReadBatch(t.Context())
		if err != nil {
			t.Fatalf("second radio: %v", err)
		}
		got.Release()
		if err := errors.Join(a.Close(), b.Close()); err != nil {
			t.Error(err)
		}
		wantSame(t, before, f)
	})
}
