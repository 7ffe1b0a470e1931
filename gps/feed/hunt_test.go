package feed_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/feed"
	"github.com/sensord/sensord/internal/fault"
)

// A wire is a line inside a bubble, with a receiver at the other end that
// speaks once a second at one rate.
type wire struct {
	baud   int // of the receiver
	before int // that the line is set to
	says   func(n int) []byte

	now   atomic.Int64 // that the line is set to
	rates []int        // that it was set to
}

func (w *wire) set(baud int) error {
	if baud == 57600 {
		return errors.New("invalid argument") // an adapter that has not got it
	}
	w.now.Store(int64(baud))
	w.rates = append(w.rates, baud)
	return nil
}

// listen runs a receiver on the line, until the test or the line ends.
func (w *wire) listen(t *testing.T, r *feed.Receiver) (*run, net.Conn) {
	t.Helper()
	ours, theirs := net.Pipe()
	u := startWith(t, r, func(ctx context.Context, tell func(gps.Event)) error {
		return r.Hunt(ctx, ours, w.before, w.set, tell)
	})
	go func() {
		for n := 0; ; n++ {
			wait(time.Second)
			data := noise(150)
			if int(w.now.Load()) == w.baud {
				data = w.says(n)
			}
			if _, err := theirs.Write(data); err != nil {
				return
			}
		}
	}()
	return u, theirs
}

func huntReceiver(t *testing.T) *feed.Receiver {
	t.Helper()
	return newReceiver(t, feed.Options{Kind: feed.Serial, Device: "/dev/ttyUSB0"})
}

func TestHuntFindsEveryRate(t *testing.T) {
	for _, baud := range []int{4800, 9600, 19200, 38400, 115200, 230400, 460800, 921600, 31250} {
		t.Run(fmt.Sprint(baud), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{baud: baud, before: 9600, says: epoch}
				if baud == 31250 { // no usual rate, but somebody has set the line to it
					w.before = baud
				}
				begin := time.Now()
				u, line := w.listen(t, huntReceiver(t))
				defer line.Close()
				u.fix()
				synctest.Wait()
				if got, want := u.r.Detail(), fmt.Sprintf("%d baud", baud); got != want {
					t.Errorf("detail %q, want %q", got, want)
				}
				if took := time.Since(begin); took > 25*time.Second {
					t.Errorf("it took %s", took)
				}
				if w.rates[0] != w.before || slices.Contains(w.rates, 57600) {
					t.Errorf("rates %d", w.rates)
				}
				u.stop()
				_ = line.Close()
				wait(2 * time.Second)
			})
		})
	}
}

func TestHuntStaysThroughGarbage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{baud: 38400, before: 9600, says: func(n int) []byte {
			b := append([]byte("\xb5\x62\x01\x07\x5c\x00"), noise(2000)...)
			return append(append(b, "\r\n"...), epoch(n*10)...)
		}}
		u, line := w.listen(t, huntReceiver(t))
		for range 20 {
			u.fix()
		}
		if diff := cmp.Diff([]int{9600, 115200, 38400}, w.rates); diff != "" {
			t.Errorf("rates (-want +got):\n%s", diff)
		}
		u.stop()
		_ = line.Close()
		wait(2 * time.Second)
	})
}

func TestHuntWaitsLongerForSlowReceiversAndThenGoesOnWithWhatWorked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// A sentence every fourth second: a rate is left after 1.5 s at first.
		w := &wire{baud: 115200, before: 9600, says: func(n int) []byte {
			if n%4 == 3 {
				return epoch(n * 10)
			}
			return noise(50)
		}}
		r := huntReceiver(t)
		rounds := 0
		for ; ; rounds++ {
			u, line := w.listen(t, r)
			var err error
			found := false
			for err == nil && !found {
				select {
				case err = <-u.ended:
				case e := <-u.events:
					_, found = e.(gps.Fix)
				}
			}
			if found {
				u.stop()
			} else if fault.CodeOf(err) != fault.GPSGarbled {
				t.Fatal(err)
			}
			_ = line.Close()
			wait(2 * time.Second)
			if found {
				break
			}
		}
		if rounds > 3 {
			t.Errorf("found in round %d", rounds)
		}

		w.rates = nil
		u, line := w.listen(t, r)
		synctest.Wait()
		if w.rates[0] != 115200 {
			t.Errorf("rates %d: the next hunt did not begin with the one that worked", w.rates)
		}
		u.stop()
		_ = line.Close()
		wait(2 * time.Second)
	})
}
