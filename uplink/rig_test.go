package uplink_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

const (
	testUUID = "4E1D07C3-0000-0000-0000-00001E6104AD"
	apiKey   = "0123456789ABCDEF0123456789ABCDEF"
)

// rig is one source with its log, a server in memory and a dialer to it.
type rig struct {
	t       testing.TB
	srv     *kismettest.Server
	dialer  *uplink.Dialer
	session uplink.Session
	asked   []uplink.ConfigureAsked
	next    int // number of the next frame
}

func newRig(t testing.TB, cfg kismettest.Config, tcp bool) *rig {
	cfg.APIKeys = map[string]string{apiKey: kismettest.RoleDatasource}
	r := &rig{t: t, srv: kismettest.New(cfg)}
	t.Cleanup(r.srv.Close)
	r.dialer = &uplink.Dialer{
		Server:  uplink.Server{Name: "home", Host: "kismet.test", Port: 2501, Path: kismettest.EndpointPath, APIKey: apiKey},
		NetDial: r.srv.DialContext,
	}
	if tcp {
		r.dialer.Server.TCP, r.dialer.Server.Port = true, 3501
	}
	uuid, err := capture.ParseUUID(testUUID)
	if err != nil {
		t.Fatal(err)
	}
	r.session = uplink.Session{
		UUID: uuid, Type: "pcapfile", Definition: "beacons.pcap:uuid=" + testUUID,
		Log: frames.NewLog(frames.Options{MemoryBytes: 16 << 20}), Tracker: &gps.Tracker{}, Lender: uplink.NewLender(8 << 20),
	}
	return r
}

// capture appends n numbered frames to the log.
func (r *rig) capture(n int) {
	data := make([]byte, 200)
	for n > 0 {
		b := capture.NewBatch()
		for n > 0 {
			binary.BigEndian.PutUint64(data[8:], uint64(r.next))
			if !b.Append(1_700_000_000_000_000_000+int64(r.next)*1_000_000, capture.LinkTypeRadiotap, 0, data) {
				break
			}
			r.next++
			n--
		}
		r.session.Log.Append(b)
	}
}

// link dials and runs one link to its end, answering as a source would.
func (r *rig) link(ctx context.Context) error {
	l, err := r.dialer.Dial(ctx)
	if err != nil {
		return err
	}
	s := r.session
	s.Heard = func(e uplink.Event) {
		switch e := e.(type) {
		case uplink.OpenAsked:
			l.Answer(kismet.OpenReport{Seq: e.Seq, OK: true, LinkType: 127, UUID: testUUID, Hardware: "test", Version: "1"})
		case uplink.ConfigureAsked:
			r.asked = append(r.asked, e)
			l.Answer(kismet.ConfigureReport{Seq: e.Seq, OK: true, Channel: e.Want.Channel})
		}
	}
	return l.Run(ctx, s)
}

// links runs links until the log is confirmed, and returns how many were lost.
func (r *rig) links(ctx context.Context) (lost int) {
	var redial uplink.Redial
	return r.linksAfter(ctx, func(err error) { elapse(redial.After(err, time.Now())) })
}

// linksAfter is links with a wait of its own behind each that is lost.
func (r *rig) linksAfter(ctx context.Context, wait func(error)) (lost int) {
	for {
		err := r.link(ctx)
		if err == nil {
			return lost
		}
		if ctx.Err() != nil {
			r.t.Errorf("gave up after %d links: %v; %+v", lost, err, r.session.Log.Stats())
			return lost
		}
		lost++
		wait(err)
	}
}

// arrived returns the numbers of the frames that the server has, in order of
// arrival, each once, and how many came twice.
func (r *rig) arrived() (numbers []int, twice int) {
	seen := map[int]bool{}
	for _, f := range r.srv.Frames(testUUID) {
		n := int(binary.BigEndian.Uint64(f.Content[8:]))
		if seen[n] {
			twice++
			continue
		}
		seen[n] = true
		numbers = append(numbers, n)
	}
	return numbers, twice
}

func upTo(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

// everywhere runs a test against each server profile over each transport, on a
// clock of its own.
func everywhere(t *testing.T, test func(t *testing.T, profile kismettest.Profile, tcp bool)) {
	for _, p := range kismettest.Profiles() {
		for _, tcp := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v/tcp=%v", p, tcp), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { test(t, p, tcp) })
			})
		}
	}
}

// elapse lets time pass on the bubble's clock.
func elapse(d time.Duration) { <-time.After(d) }

func limited(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
