package bus

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/gps"
)

// An earshot is a bus on which a test says what is heard.
type earshot struct {
	mu      sync.Mutex
	heard   map[int]func(Message)
	filters []Filter
	refused []error
	away    bool
}

func (b *earshot) Hear(f Filter, heard func(Message)) (stop func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.filters)
	b.filters = append(b.filters, f)
	if b.heard == nil {
		b.heard = map[int]func(Message){}
	}
	b.heard[n] = heard
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.heard, n)
	}
}

func (b *earshot) Refuse(_ Message, why error) { b.refused = append(b.refused, why) }
func (b *earshot) State() State                { return State{Connected: !b.away} }

func (b *earshot) say(m Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, h := range b.heard {
		h(m)
	}
}

const hour = int64(time.Hour)

// A said is a position as a test has it published.
type said struct {
	rig, id     string
	incarnation uint64
	sequence    uint64
	boot, sent  int64 // head
	age, time   int64
	lat         float64
	follows     []string
	speed       *float64
	accuracy    *float64
	meta        bool
	self        bool
}

func (s said) message(t testing.TB, arrivedNs int64) Message {
	t.Helper()
	head := &pb.Head{Rig: s.rig, RigId: s.id, Incarnation: s.incarnation, Sequence: s.sequence, BootNs: s.boot, SentNs: s.sent}
	lon := 8.0
	a := Address{Fleet: "fleet", Rig: s.rig, Kind: KindPosition}
	var m pb.Message = &pb.Position{Head: head, Lat: &s.lat, Lon: &lon, AgeNs: s.age, TimeNs: s.time, Follows: s.follows, SpeedMps: s.speed, AccuracyM: s.accuracy}
	if s.meta {
		a.Kind, a.Name = KindMetaGPS, "phone"
		m = &pb.MetaGPS{Head: head, Lat: &s.lat, Lon: &lon, AgeNs: s.age, TimeNs: s.time, Follows: s.follows, Name: "phone"}
	}
	data, err := pb.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	return Message{Address: a, Data: data, ArrivedNs: arrivedNs, Self: s.self}
}

// A pair is a follower of rover-1 on rig base, and what it tells.
type pair struct {
	*Follower
	bus    *earshot
	nowNs  int64
	utcNs  int64 // minus nowNs
	fixes  []gps.Fix
	notes  []string
	logged strings.Builder
}

func newPair(o FollowOptions) *pair {
	p := &pair{bus: &earshot{}, nowNs: 48 * hour, utcNs: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).UnixNano()}
	if o.From == (Heard{}) {
		o.From.Rig = "rover-1"
	}
	o.Log = slog.New(slog.NewTextHandler(&p.logged, nil))
	p.Follower = newFollower(p.bus, "base", new(lineage), func() int64 { return p.nowNs }, func() (int64, bool) { return p.nowNs + p.utcNs, true }, o)
	return p
}

// at lets a message arrive, and returns what it became.
func (p *pair) at(t testing.TB, arrivedNs int64, s said) (fix gps.Fix, ok bool) {
	t.Helper()
	p.nowNs = arrivedNs
	n := len(p.fixes)
	took := p.take(s.message(t, arrivedNs), func(e gps.Event) {
		switch e := e.(type) {
		case gps.Fix:
			p.fixes = append(p.fixes, e)
		case gps.Notice:
			p.notes = append(p.notes, e.Text)
		}
	})
	if took != (len(p.fixes) == n+1) {
		t.Fatalf("took %t, and told %d fixes", took, len(p.fixes)-n)
	}
	if !took {
		return fix, false
	}
	return p.fixes[n], true
}
