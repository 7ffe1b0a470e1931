package linuxwifi_test

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/internal/tap"
)

func TestDownAndUp(t *testing.T) {
	bothKinds(t, func(t *testing.T, plain bool) {
		d, ctx := tap.New(t), patient(t)
		s := openSocket(t, d, linuxwifi.SocketConfig{Plain: plain})
		for range 3 {
			const n = 20
			for i := range n {
				if err := d.Write(testFrame(uint32(i), 0, frameBytes)); err != nil {
					t.Fatal(err)
				}
			}
			if err := d.Down(); err != nil {
				t.Fatal(err)
			}
			got, err := readUntilError(ctx, s)
			if !errors.Is(err, unix.ENETDOWN) || got != n {
				t.Fatalf("%d frames, then %v; want %d, then ENETDOWN", got, err, n)
			}
			if err := d.Up(); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Down(); err != nil {
			t.Fatal(err)
		}
		_, err := linuxwifi.OpenSocket(linuxwifi.SocketConfig{Interface: d.Name(), Plain: plain})
		if !errors.Is(err, unix.ENETDOWN) {
			t.Errorf("open on an interface that is down: %v", err)
		}
	})
}

func TestDelete(t *testing.T) {
	bothKinds(t, func(t *testing.T, plain bool) {
		d, err := tap.Open(tap.Config{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, s := patient(t), openSocket(t, d, linuxwifi.SocketConfig{Plain: plain})
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		_, err = readUntilError(ctx, s)
		if errors.Is(err, unix.ENETDOWN) { // the kernel sets it down first
			_, err = readUntilError(ctx, s)
		}
		for range 2 { // it stays so
			if !errors.Is(err, unix.ENODEV) {
				t.Fatalf("read from an interface that is gone: %v", err)
			}
			_, err = readUntilError(ctx, s)
		}
		_, err = linuxwifi.OpenSocket(linuxwifi.SocketConfig{Interface: d.Name(), Index: d.Index(), Plain: plain})
		if !errors.Is(err, unix.ENODEV) {
			t.Errorf("open by index on an interface that is gone: %v", err)
		}
		_, err = linuxwifi.OpenSocket(linuxwifi.SocketConfig{Interface: d.Name(), Plain: plain})
		if !errors.Is(err, unix.ENODEV) {
			t.Errorf("open by name on an interface that is gone: %v", err)
		}
	})
}

// An interface that is down says nothing when it is removed.
func TestDeleteWhileDown(t *testing.T) {
	d, err := tap.Open(tap.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, s := patient(t), openSocket(t, d, linuxwifi.SocketConfig{})
	if err := d.Down(); err != nil {
		t.Fatal(err)
	}
	if _, err := readUntilError(ctx, s); !errors.Is(err, unix.ENETDOWN) {
		t.Fatalf("down: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := readUntilError(ctx, s); !errors.Is(err, unix.ENODEV) {
		t.Fatalf("removed: %v", err)
	}
}

func TestLinkTypes(t *testing.T) {
	for hardware, want := range map[int]capture.LinkType{
		unix.ARPHRD_IEEE80211: 105, unix.ARPHRD_IEEE80211_PRISM: 119, unix.ARPHRD_IEEE80211_RADIOTAP: 127, unix.ARPHRD_ETHER: 0,
	} {
		d, err := tap.Open(tap.Config{Hardware: hardware})
		if err != nil {
			t.Fatal(err)
		}
		s, err := linuxwifi.OpenSocket(linuxwifi.SocketConfig{Interface: d.Name()})
		if want == 0 {
			if !errors.Is(err, linuxwifi.ErrNotMonitor) {
				t.Errorf("hardware type %d: %v", hardware, err)
			}
		} else if err != nil || s.LinkType() != want {
			t.Errorf("hardware type %d: %v, link type %d", hardware, err, s.LinkType())
		}
		if err := errors.Join(closeSocket(s), d.Close()); err != nil {
			t.Error(err)
		}
	}
}

func closeSocket(s *linuxwifi.Socket) error {
	if s == nil {
		return nil
	}
	return s.Close()
}

// Somebody takes the interface out of monitor mode, and the capture must not
// go on with the machine's own traffic.
func TestLinkTypeChanges(t *testing.T) {
	bothKinds(t, func(t *testing.T, plain bool) {
		d, ctx := tap.New(t), patient(t)
		s := openSocket(t, d, linuxwifi.SocketConfig{Plain: plain})
		fd := int(d.File().Fd())
		if err := errors.Join(d.Down(), unix.IoctlSetInt(fd, unix.TUNSETLINK, unix.ARPHRD_ETHER), d.Up()); err != nil {
			t.Fatal(err)
		}
		if _, err := readUntilError(ctx, s); !errors.Is(err, unix.ENETDOWN) {
			t.Fatalf("down: %v", err)
		}
		if err := d.Write(testFrame(1, 0, frameBytes)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got, err := readUntilError(ctx, s); !errors.Is(err, linuxwifi.ErrNotMonitor) || got != 0 {
				t.Fatalf("%d frames, then %v", got, err)
			}
		}
	})
}
