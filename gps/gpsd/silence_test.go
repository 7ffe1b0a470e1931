package gpsd_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/gpsd"
	"github.com/sensord/sensord/internal/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	version   = `{"class":"VERSION","release":"3.22","rev":"3.22","proto_major":3,"proto_minor":14}`
	noDevices = `{"class":"DEVICES","devices":[]}`
	oneDevice = `{"class":"DEVICES","devices":[{"class":"DEVICE","path":"/dev/ttyACM0","driver":"u-blox","activated":"2026-03-23T12:00:00.000Z"}]}`
	watch     = `{"class":"WATCH","enable":true,"json":true,"pps":true}`
	ais       = `{"class":"AIS","device":"/dev/ttyAIS","type":1,"lat":1,"lon":2}`
	fixed     = `{"class":"TPV","device":"/dev/ttyACM0","mode":2,"lat":48.1,"lon":11.5}`
)

// A peer is what the client talks to: it answers requests, and says things by
// itself. It runs on the clock of a synctest bubble.
type peer struct {
	conn   net.Conn
	began  time.Time
	heard  []string // when and what it was asked
	answer func(request string) []string
}

func (p *peer) listen() {
	in := bufio.NewScanner(p.conn)
	for in.Scan() {
		p.heard = append(p.heard, fmt.Sprintf("%v %s", time.Since(p.began), in.Text()))
		for _, line := range p.answer(in.Text()) {
			p.say(line)
		}
	}
}

func (p *peer) say(line string) { _, _ = io.WriteString(p.conn, line+"\r\n") }

// talk runs a client against a peer until the client gives up or ctx is done.
// It returns when that was, what was told, and why it ended.
func talk(ctx context.Context, o gpsd.Options, p *peer, goOn func(p *peer)) (time.Duration, []gps.Event, error) {
	ours, theirs := net.Pipe()
	p.conn, p.began = theirs, time.Now()
	o.Now = func() int64 { return time.Now().UnixNano() }
	c := gpsd.New(o)
	c.Dial(ours)
	var wg sync.WaitGroup
	wg.Go(p.listen)
	if goOn != nil {
		wg.Go(func() { goOn(p) })
	}
	var events []gps.Event
	err := c.Run(ctx, func(e gps.Event) { events = append(events, e) })
	took := time.Since(p.began)
	_ = theirs.Close()
	wg.Wait()
	return took, events, err
}

// every says lines every interval until the connection ends.
func every(interval time.Duration, lines ...string) func(*peer) {
	return func(p *peer) {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for range tick.C {
			for _, line := range lines {
				if _, err := io.WriteString(p.conn, line+"\r\n"); err != nil {
					return
				}
			}
		}
	}
}

func TestGivesUpOnTime(t *testing.T) {
	greet := func(devices string) func(string) []string {
		return func(request string) []string {
			if strings.HasPrefix(request, "?WATCH") {
				return []string{version, devices, watch}
			}
			return []string{devices}
		}
	}
	for _, c := range []struct {
		name   string
		device string
		answer func(string) []string
		goOn   func(*peer)
		took   time.Duration
		code   fault.Code
		want   string
	}{
		{
			name: "it never says a word", answer: func(string) []string { return nil },
			took: 4500 * time.Millisecond, code: fault.GPSSilent, want: "gpsd does not answer",
		}, {
			name: "it falls silent after the greeting",
			answer: func(request string) []string {
				if strings.HasPrefix(request, "?WATCH") {
					return []string{version, oneDevice, watch, fixed}
				}
				return nil
			},
			took: 4500 * time.Millisecond, code: fault.GPSSilent, want: "gpsd does not answer",
		}, {
			name: "it lives and has no device", answer: greet(noDevices),
			took: 6 * time.Second, code: fault.GPSDevice, want: "gpsd has no receiver",
		}, {
			name: "it lives and has another device", device: "/dev/ttyUSB3", answer: greet(oneDevice),
			took: 6 * time.Second, code: fault.GPSDevice, want: "gpsd has no /dev/ttyUSB3, but /dev/ttyACM0",
		}, {
			name: "its device says nothing", answer: greet(oneDevice),
			took: 16 * time.Second, code: fault.GPSSilent, want: "nothing comes from /dev/ttyACM0",
		}, {
			name: "only ships are heard", device: "/dev/ttyACM0", answer: greet(oneDevice), goOn: every(time.Second, ais),
			took: 15 * time.Second, code: fault.GPSSilent, want: "nothing comes from /dev/ttyACM0",
		}, {
			name: "it never ends a line", answer: func(string) []string { return nil },
			goOn: func(p *peer) {
				for {
					if _, err := p.conn.Write(make([]byte, 100)); err != nil {
						return
					}
					<-time.After(time.Second)
				}
			},
			took: 5 * time.Second, code: fault.GPSGarbled, want: "what answers there is not gpsd",
		}, {
			name: "what it says falls apart",
			answer: func(request string) []string {
				if strings.HasPrefix(request, "?WATCH") {
					return []string{version, oneDevice, watch}
				}
				return nil
			},
			goOn: every(100*time.Millisecond, `{"class":"TPV"`),
			took: 5100 * time.Millisecond, code: fault.GPSGarbled, want: "what gpsd sends are no reports any more",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				took, _, err := talk(t.Context(), gpsd.Options{Device: c.device}, &peer{answer: c.answer}, c.goOn)
				object := strings.TrimSpace("gpsd localhost:2947 " + c.device)
				if fault.CodeOf(err) != c.code || err.Error() != object+": "+c.want {
					t.Errorf("ended with %q %v", fault.CodeOf(err), err)
				}
				if took != c.took {
					t.Errorf("after %v, want %v", took, c.took)
				}
			})
		})
	}
}

func TestStaysWhileGPSDTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		p := &peer{answer: func(string) []string { return []string{version, oneDevice, watch} }}
		took, events, err := talk(ctx, gpsd.Options{}, p, every(time.Second, fixed, ais))
		if !errors.Is(err, context.DeadlineExceeded) || took != time.Hour {
			t.Errorf("ended after %v with %v", took, err)
		}
		if len(events) < 3599 {
			t.Errorf("%d events in an hour", len(events))
		}
		diff(t, []string{`0s ?WATCH={"enable":true,"json":true,"pps":true};`}, p.heard)
	})
}

func TestAsksASilentGPSDForASignOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{answer: func(string) []string { return []string{version, oneDevice, watch} }}
		_, _, _ = talk(t.Context(), gpsd.Options{}, p, nil)
		diff(t, []string{
			`0s ?WATCH={"enable":true,"json":true,"pps":true};`,
			"2s ?DEVICES;", "4s ?DEVICES;", "6s ?DEVICES;", "8s ?DEVICES;", "10s ?DEVICES;", "12s ?DEVICES;", "14s ?DEVICES;",
		}, p.heard)
	})
}

func TestAsksAnOldGPSDWithoutPulses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &peer{answer: func(request string) []string {
			switch {
			case strings.Contains(request, "pps"):
				return []string{`{"class":"ERROR","message":"Invalid WATCH: unknown attribute name"}`}
			case strings.HasPrefix(request, "?WATCH"):
				return []string{version, oneDevice, `{"class":"WATCH","enable":true}`, fixed}
			}
			return nil
		}}
		_, events, _ := talk(t.Context(), gpsd.Options{}, p, nil)
		diff(t, []string{
			`0s ?WATCH={"enable":true,"json":true,"pps":true};`, `0s ?WATCH={"enable":true,"json":true};`, "2s ?DEVICES;", "4s ?DEVICES;",
		}, p.heard)
		diff(t, gps.Event(gps.Notice{Text: "gpsd says: Invalid WATCH: unknown attribute name"}), events[0])
		if _, ok := events[1].(gps.Fix); !ok || len(events) != 2 {
			t.Errorf("then came %+v", events[1:])
		}
	})
}

func TestEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p := &peer{answer: func(string) []string { return []string{version, oneDevice, watch} }}
		goOn := func(*peer) {
			<-time.After(time.Second)
			cancel()
		}
		if took, _, err := talk(ctx, gpsd.Options{}, p, goOn); !errors.Is(err, context.Canceled) || took != time.Second {
			t.Errorf("ended after %v with %v", took, err)
		}
	})
}

func TestReadsLinesHoweverTheyAreCut(t *testing.T) {
	long := strings.Repeat("x", gpsd.MaxLine-len(`{"class":"TPV","mode":2,"lat":3,"lon":4,"more":""}`)-1)
	stream := strings.Join([]string{
		version, oneDevice, fixed,
		`{"class":"TPV","mode":2,"lat":3,"lon":4,"more":"` + long + `"}`,
		`{"class":"TPV","mode":2,"lat":5,"lon":6,"more":"` + long + `too long"}`,
		strings.Repeat("y", 3*gpsd.MaxLine),
		"", fixed, "",
	}, "\r\n")
	for _, size := range []int{13, 1000, len(stream)} {
		synctest.Test(t, func(t *testing.T) {
			goOn := func(p *peer) {
				for rest := stream; rest != ""; {
					n := min(size, len(rest))
					if _, err := io.WriteString(p.conn, rest[:n]); err != nil {
						return
					}
					rest = rest[n:]
				}
			}
			_, events, _ := talk(t.Context(), gpsd.Options{}, &peer{answer: func(string) []string { return nil }}, goOn)
			var got []string
			for _, e := range events {
				switch e := e.(type) {
				case gps.Fix:
					got = append(got, fmt.Sprint(e.Lat))
				case gps.Notice:
					got = append(got, e.Text)
				}
			}
			tooLong := "gpsd sent a line that is too long; it is skipped"
			diff(t, []string{"48.1", "3", tooLong, tooLong, "48.1"}, got)
		})
	}
}

func TestObjectNamesWhatTheUserWrote(t *testing.T) {
	for _, c := range []struct{ address, device, want string }{
		{"", "", "gpsd localhost:2947"},
		{"rover", "", "gpsd rover:2947"},
		{":3000", "", "gpsd localhost:3000"},
		{"::1", "", "gpsd [::1]:2947"},
		{"[::1]", "", "gpsd [::1]:2947"},
		{"[::1]:9", "/dev/ttyACM0", "gpsd [::1]:9 /dev/ttyACM0"},
	} {
		if got := gpsd.New(gpsd.Options{Address: c.address, Device: c.device}).Object(); got != c.want {
			t.Errorf("Object of %q is %q, want %q", c.address, got, c.want)
		}
	}
}
