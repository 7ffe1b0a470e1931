//go:build !lite

package actors

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/kismettest"
)

// A carried is a phone that goes with a machine, and posts where it is to a
// rig's web side: a place says when it was there.
type carried struct {
	url     string
	machine *fakeMachine

	mu    sync.Mutex
	steps []phoneStep // what was posted, in order
	wrong string      // the last answer that was not good

	quit chan struct{}
	done chan struct{}
}

// phoneStep is where the phone said that it was, and when, CLOCK_BOOTTIME.
type phoneStep struct {
	lat, lon float64
	at       int64
}

const (
	phoneEvery = 200 * time.Millisecond
	phoneNorth = 6.0 // metres that it is off
)

// carry starts a phone that goes with the first rig, and posts to it.
func (f *fleet) carry(t *testing.T) *carried {
	t.Helper()
	address := eventually(t, f.rigs[0].Rig, "listens", func(s Status) bool { return s.GPS.Web != "" }).GPS.Web
	w := &carried{
		url:     fmt.Sprintf("http://%s/gps/meta/phone/update.cmd?KISMET=secret", address),
		machine: f.rigs[0].machine,
		quit:    make(chan struct{}), done: make(chan struct{}),
	}
	go w.run()
	t.Cleanup(func() { w.stop(t) })
	return w
}

func (w *carried) run() {
	defer close(w.done)
	client := &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}
	defer client.CloseIdleConnections()
	tick := time.NewTicker(phoneEvery)
	defer tick.Stop()
	for {
		step := phoneStep{at: w.machine.boottime()}
		step.lat, step.lon = w.machine.place(step.at)
		step.lat += phoneNorth / metresNorth
		w.mu.Lock()
		w.steps = append(w.steps, step)
		w.mu.Unlock()
		body := fmt.Sprintf(`{"lat": %v, "lon": %v, "alt": 12, "spd": %v, "accuracy": 10}`, step.lat, step.lon, fakeSpeed*gps.KMHPerMPS)
		resp, err := client.Post(w.url, "application/json", strings.NewReader(body))
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				err = fmt.Errorf("status %s", resp.Status)
			}
		}
		if err != nil {
			w.mu.Lock()
			w.wrong = err.Error()
			w.mu.Unlock()
		}
		select {
		case <-tick.C:
		case <-w.quit:
			return
		}
	}
}

// stop ends the posting.
func (w *carried) stop(t *testing.T) {
	t.Helper()
	select {
	case <-w.quit:
	default:
		close(w.quit)
	}
	<-w.done
	if w.wrong != "" {
		t.Errorf("the phone was answered: %s", w.wrong)
	}
}

// step is which of the phone's steps a place is, or -1.
func (w *carried) step(lat, lon float64) int {
	const near = 1e-7 // degrees, a centimetre
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.IndexFunc(w.steps, func(s phoneStep) bool {
		return math.Abs(s.lat-lat) < near && math.Abs(s.lon-lon) < near
	})
}

// at is when the phone was at a step.
func (w *carried) at(step int) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.steps[step].at
}

// distinct counts the steps among what the server was told.
func (w *carried) distinct(updates []kismettest.MetaUpdate) int {
	steps := map[int]bool{}
	for _, u := range updates {
		steps[w.step(u.Lat, u.Lon)] = true
	}
	delete(steps, -1)
	return len(steps)
}
