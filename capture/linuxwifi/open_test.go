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

func TestFilterThatTheKernelRefusesIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		var said bytes.Buffer
		r := openOn(t, f, Options{Log: slog.New(slog.NewTextHandler(&said, nil))}, "wlan0")
		if strings.Contains(said.String(), "optmem_max") {
			t.Errorf("without a reason it says %s", said.String())
		}
		f.sockets[0].refuses = unix.ENOMEM
		if err := r.SetFilter(nil); err != nil || !strings.Contains(said.String(), "optmem_max=131072") {
			t.Errorf("%v, and it says %s", err, said.String())
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
