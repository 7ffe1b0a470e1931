package linuxwifi

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/nl80211"
)

// A driver that takes its time, loading firmware for instance, keeps the kernel
// from answering about all radios. That is no fault of those that go on.
func TestKernelThatIsBusyEndsNoCapture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		var log bytes.Buffer
		r := openOn(t, f, Options{Log: slog.New(slog.NewTextHandler(&log, nil))}, "wlan0")
		f.do(func() {
			f.trouble = func(_ int, op string) trouble {
				if op == "interfaces" || op == "link" {
					return failsAfter
				}
				return fine
			}
		})
		advance(t, time.Minute)
		f.do(func() { f.trouble = nil })
		f.sockets[0].batches <- capture.NewBatch()
		b, err := r.ReadBatch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b.Release()
		if n := strings.Count(log.String(), "does not answer"); n != 1 {
			t.Errorf("said %d times:\n%s", n, log.String())
		}
	})
}

// noticesOf opens wlan0 and returns what is noticed of it.
func noticesOf(t *testing.T, m *machine) (*Radio, func() []Notice) {
	t.Helper()
	d, err := capture.ParseDefinition("wlan0:channel=1")
	if err != nil {
		t.Fatal(err)
	}
	var notices []Notice
	r, err := open(t.Context(), m, Options{Definition: d, Notify: func(n Notice) { notices = append(notices, n) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r, func() []Notice {
		synctest.Wait()
		return notices
	}
}

func TestTuningThatWasGivenUpIsNotAnotherPrograms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		r, notices := noticesOf(t, f.machine())
		ctx, cancel := context.WithCancel(t.Context())
		f.do(func() {
			f.trouble = func(_ int, op string) trouble {
				if op == "set channel" { // which the kernel does all the same
					cancel()
					return failsAfter
				}
				return fine
			}
		})
		if err := r.Tune(ctx, channel(t, "6")); !errors.Is(err, context.Canceled) {
			t.Errorf("tune: %v", err)
		}
		advance(t, 3*time.Second)
		if got := r.Tuned(); got != channel(t, "6") {
			t.Errorf("on %v", got)
		}
		if n := notices(); len(n) > 0 {
			t.Errorf("notices %v", n)
		}
	})
}

// slowKernel reads the channels, and only then tunes.
type slowKernel struct {
	*fake
	begun, read, tuned chan struct{}
}

func (k *slowKernel) SetChannel(ctx context.Context, index int, c capture.Channel) error {
	if k.begun != nil {
		close(k.begun)
		<-k.read
	}
	return k.fake.SetChannel(ctx, index, c)
}

func (k *slowKernel) Interfaces(ctx context.Context) ([]nl80211.Interface, error) {
	all, err := k.fake.Interfaces(ctx)
	if k.begun != nil {
		select {
		case <-k.read: // it was read already
		default:
			close(k.read)
			<-k.tuned
		}
	}
	return all, err
}

func TestTuningInTheMiddleOfALookIsNotAnotherPrograms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &slowKernel{fake: newFake()}
		m := k.machine()
		m.wireless = k
		r, notices := noticesOf(t, m)
		synctest.Wait()
		k.begun, k.read, k.tuned = make(chan struct{}), make(chan struct{}), make(chan struct{})
		if err := r.Tune(t.Context(), channel(t, "6")); err != nil {
			t.Error(err)
		}
		close(k.tuned)
		advance(t, 3*time.Second)
		if n := notices(); len(n) > 0 {
			t.Errorf("notices %v", n)
		}
		if got := r.Tuned(); got != channel(t, "6") {
			t.Errorf("on %v", got)
		}
	})
}

// A radio that cannot be opened is tried again every two seconds: what is of no
// use without it is not said each time.
func TestNotesAreSaidOfARadioThatOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.nm, f.phys[0].vif = "refuses", refuse("add monitor", unix.EIO)
		var log bytes.Buffer
		o := Options{Log: slog.New(slog.NewTextHandler(&log, nil))}
		for range 10 {
			if _, err := tryOpen(t, f, o, "wlan0"); err == nil {
				t.Fatal("it opens")
			}
		}
		if log.Len() > 0 {
			t.Errorf("log of a radio that does not open:\n%s", log.String())
		}
		f.phys[0].vif = nil
		openOn(t, f, o, "wlan0")
		if n := strings.Count(log.String(), "NetworkManager may disturb it"); n != 1 {
			t.Errorf("said %d times:\n%s", n, log.String())
		}
	})
}

// What somebody else says is not said here too: another program that hops over
// the radio gives a notice every second.
func TestNoticesAreLoggedByWhoHearsThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		var log bytes.Buffer
		heard := 0
		openOn(t, f, Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Notify: func(Notice) { heard++ }}, "wlan0:channel=1")
		log.Reset()
		for i := range 60 {
			f.do(func() { f.ifaces[5].channel = channel(t, []string{"6", "11"}[i%2]) })
			advance(t, time.Second)
		}
		if heard < 50 || log.Len() > 0 {
			t.Errorf("%d notices, log:\n%s", heard, log.String())
		}
	})
}
