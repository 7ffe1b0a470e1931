//go:build !lite

package bus

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A rig is asked anew only if it speaks and its stream does not.
func TestWhenARigIsAskedAnew(t *testing.T) {
	const never = time.Duration(-1)
	type look struct {
		at     int           // s
		status int           // s; when the last one came
		quiet  time.Duration // since the last word of the stream
		ask    bool
	}
	s := func(n int) time.Duration { return time.Duration(n) * time.Second }
	for _, tt := range []struct {
		name  string
		looks []look
	}{
		{"all is well", []look{{0, 0, s(1), false}, {2, 0, s(0), false}, {4, 4, s(1), false}}},
		{"the hub has started", []look{{0, 0, never, true}, {2, 2, s(1), false}}},
		{"the hub has started and the way is long", []look{{0, 0, never, true}, {2, 2, never, false}, {4, 4, never, false}, {6, 6, never, true}, {14, 14, s(0), false}}},
		{"the stream has gone", []look{{0, 0, s(1), false}, {2, 0, s(3), false}, {4, 0, s(5), false}, {6, 5, s(7), false}, {8, 5, s(9), true}, {10, 10, s(0), false}}},
		{"the link is gone", []look{{0, 0, s(1), false}, {4, 0, s(4), false}, {8, 0, s(8), false}, {14, 0, s(14), false}}},
		{"the link was gone, and the status comes first", []look{{0, 0, s(1), false}, {8, 8, s(8), false}, {10, 8, s(1), false}, {18, 18, s(9), false}, {20, 18, s(1), false}}},
		{"it never answers", []look{
			{0, 0, never, true},
			{4, 4, never, false},
			{6, 6, never, true},
			{14, 14, never, false},
			{16, 16, never, true},
			{34, 34, never, false},
			{36, 36, never, true},
			{76, 76, never, true},
			{134, 134, never, false},
			{136, 136, never, true},
			{194, 194, never, false},
			{196, 196, never, true},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			zero := time.Now()
			h := &askedRig{}
			for _, l := range tt.looks {
				h.last = zero.Add(s(l.status))
				if got := h.due(l.quiet, zero.Add(s(l.at))); got != l.ask {
					t.Errorf("after %d s: %t, want %t", l.at, got, l.ask)
				}
			}
		})
	}
}

// The description of a stream that asks as many rigs as may be, with the longest
// names, is small enough to be sent.
func TestFleetOfManyRigsCanBeDescribed(t *testing.T) {
	cfg := jetstream.StreamConfig{Name: fleetStream(strings.Repeat("f", 64))}
	for range fleetSources {
		cfg.Sources = append(cfg.Sources, sourceToAsk(rigSource(strings.Repeat("f", 64), strings.Repeat("r", 64))))
	}
	text, err := json.Marshal(cfg)
	if err != nil || len(text) > hubPayload*3/4 {
		t.Errorf("%d bytes of %d: %v", len(text), hubPayload, err)
	}
}
