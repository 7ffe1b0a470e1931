package main_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/uplink/kismettest"
)

// reset breaks the connection behind every so many frames, for real: nothing is
// lost, and what arrives twice is no more than what sensord says it sent twice.
func (e *endToEnd) reset(t *testing.T) {
	const behind, times = 1700, 3
	for _, test := range []struct {
		name    string
		profile kismettest.Profile
		reach   func(*kismettest.Server) []string
		memory  string
	}{
		{"t25 websocket", kismettest.T25, websocket, "16MiB"},
		{"t23 tcp", kismettest.T23, tcp, "1MiB"}, // a tenth of the capture
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			srv := serve(t, kismettest.Config{Profile: test.profile})
			srv.SetFaults(kismettest.Faults{ResetAfter: func(_ string, session int) int {
				if session > times {
					return 0
				}
				return behind
			}})
			p := e.start(t, invocation{
				env:  []string{"SENSORD_SPOOL_MEMORY=" + test.memory},
				args: append(test.reach(srv), "--once", "--fixed-gps", "52.1,4.3,10", "--source", e.walk),
			})
			if status := p.exit(t); status != 0 {
				t.Fatalf("status %d", status)
			}
			src := source(t, srv)
			first, again := firsts(srv.Frames(src.UUID))
			arrived(t, first, e.frames, &here)
			if src.Sessions != times+1 {
				t.Errorf("%d sessions, want %d", src.Sessions, times+1)
			}
			done := p.entry(t, "all frames confirmed")
			if resent := done.number(t, "resent"); again > resent || resent > times*behind*10 {
				t.Errorf("%d frames arrived twice, and sensord says that it sent %d twice", again, resent)
			}
			if n := done.number(t, "frames"); n != len(e.frames) {
				t.Errorf("sensord says that %d frames are confirmed", n)
			}
			t.Logf("%d frames arrived twice", again)
		})
	}
}

// refusal has a server away for two seconds: half a second behind its return
// frames flow again.
func (e *endToEnd) refusal(t *testing.T) {
	const away, promised = 2200 * time.Millisecond, 500 * time.Millisecond
	for _, profile := range []kismettest.Profile{kismettest.T25, kismettest.T23} {
		t.Run(profile.String(), func(t *testing.T) {
			srv := serve(t, kismettest.Config{Profile: profile})
			p := e.start(t, invocation{args: append(websocket(srv), "--once", "--source", e.walk+":pps=2500")})
			reaches(t, srv, 1000)
			if err := srv.Refuse(true); err != nil {
				t.Fatal(err)
			}
			srv.Reset("")
			p.await(t, "link.refused")
			<-time.After(away)
			before := source(t, srv).Frames
			start := time.Now()
			if err := srv.Refuse(false); err != nil {
				t.Fatal(err)
			}
			reaches(t, srv, before+1)
			if took := time.Since(start); took > promised {
				t.Errorf("frames flow again after %v, promised are %v", took, promised)
			} else {
				t.Logf("frames flow again after %v", took)
			}
			if status := p.exit(t); status != 0 {
				t.Errorf("status %d", status)
			}
			first, _ := firsts(srv.Frames(source(t, srv).UUID))
			arrived(t, first, e.frames, nil)
		})
	}
}

// upgrade has a server come back as one of the other generation: what the first
// one confirmed does not come again, the rest does.
func (e *endToEnd) upgrade(t *testing.T) {
	before, after := serve(t, kismettest.Config{Profile: kismettest.T23}), serve(t, kismettest.Config{Profile: kismettest.T25})
	r := forward(t, "127.0.0.1:0")
	r.to(before.Addr)
	p := e.start(t, invocation{args: append([]string{"--connect", r.Addr, "--once", "--fixed-gps", "52.1,4.3,10", "--source", e.walk + ":pps=5000"}, login...)})
	reaches(t, before, 2000)
	r.to(after.Addr)
	before.Reset("")
	if status := p.exit(t); status != 0 {
		t.Errorf("status %d", status)
	}
	all := append(before.Frames(source(t, before).UUID), after.Frames(source(t, after).UUID)...)
	first, again := firsts(all)
	arrived(t, first, e.frames, &here)
	if again > 2000 {
		t.Errorf("%d frames arrived twice", again)
	}
}

// reaches waits until a server has so many frames of its one source.
func reaches(t *testing.T, srv *kismettest.Server, frames int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := srv.Wait(ctx, func(s *kismettest.Server) bool {
		sources := s.Sources()
		return len(sources) == 1 && sources[0].Frames >= frames
	})
	if err != nil {
		t.Fatalf("waiting for %d frames: %v", frames, err)
	}
}

// An entry is one of the log's.
type entry map[string]any

func (e entry) number(t *testing.T, key string) int {
	t.Helper()
	n, ok := e[key].(float64)
	if !ok {
		t.Errorf("the entry %v has no number %s", e, key)
	}
	return int(n)
}

// entry returns the first of the log's entries with this message.
func (p *process) entry(t *testing.T, message string) entry {
	t.Helper()
	for line := range strings.Lines(p.errs.String()) {
		var e entry
		if json.Unmarshal([]byte(line), &e) == nil && e["msg"] == message {
			return e
		}
	}
	t.Fatalf("the log has no entry %q:\n%s", message, p.errs.String())
	return nil
}
