package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

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

// A position says when it was measured: by its age, and by how late it came.
func TestAFollowedPositionIsPlacedWhenItWasMeasured(t *testing.T) {
	p := newPair(FollowOptions{})
	speed, accuracy := 20.0, 3.0
	start := p.nowNs
	for i := range int64(100) {
		sent := start + i*int64(time.Second) // by our clock; the sender's says 5 h
		late := []int64{0, 700, 250}[i%3] * int64(time.Millisecond)
		f, ok := p.at(t, sent+late, said{
			rig: "rover-1", id: "1", incarnation: 9, sequence: uint64(i + 1), boot: 5*hour + sent - start, age: int64(300 * time.Millisecond),
			lat: 47, speed: &speed, accuracy: &accuracy, time: 1_700_000_000_000_000_000 + i*1e9,
		})
		if !ok {
			t.Fatalf("position %d is not followed: %q", i, p.notes)
		}
		if want := sent - int64(300*time.Millisecond); f.MeasuredNs != want {
			t.Fatalf("position %d was measured at %v instead of %v", i, f.MeasuredNs, want)
		}
		if f.TimeNs != 0 || f.ReceivedNs != sent+late || f.AccuracyOrigin != gps.OriginGiven || f.SpeedMPS != 20 || f.Mode != gps.Mode2D {
			t.Fatalf("%+v", f)
		}
	}
	// 100 ms, and 3/100 of what they differ by.
	if got, want := p.fixes[99].AccuracyM, math.Hypot(3, 20*0.121); math.Abs(got-want) > 0.001 {
		t.Errorf("an accuracy of %v m instead of %v m", got, want)
	}
	if got := p.fixes[0].AccuracyM; got < 9 {
		t.Errorf("the first one is said to be %v m off", got)
	}
	if got, want := p.Detail(), "100 positions, the last from rover-1 and 0s late"; got != want {
		t.Errorf("%q instead of %q", got, want)
	}
	if got := p.Object(); got != "bus rover-1" {
		t.Error(got)
	}
}

// A clock that is wrong by hours, or set by hours, is told and does no harm.
func TestClocksOfSendersDoNoHarm(t *testing.T) {
	for _, tt := range []struct {
		name  string
		skew  func(second int64) time.Duration
		boot  bool
		lost  int // positions that are not followed
		words string
	}{
		{name: "right", skew: func(int64) time.Duration { return 0 }},
		{name: "hours fast", skew: func(int64) time.Duration { return 7 * time.Hour }, words: "off by 7h0m0s"},
		{name: "years behind", skew: func(int64) time.Duration { return -20 * 365 * 24 * time.Hour }, words: "off by -175200h0m0s"},
		{name: "set ahead", skew: func(s int64) time.Duration { return time.Duration(s/50) * time.Hour }, words: "off by 1h0m0s"},
		{name: "set back", skew: func(s int64) time.Duration { return time.Duration(-s/50) * time.Hour }, lost: 3, words: "off by -1h0m0s"},
		{name: "set back, with boot_ns", skew: func(s int64) time.Duration { return time.Duration(-s/50) * time.Hour }, boot: true, words: "off by -1h0m0s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPair(FollowOptions{})
			start, lost := p.nowNs, 0
			for i := range int64(100) {
				sent := start + i*int64(time.Second)
				s := said{rig: "rover-1", incarnation: 9, sequence: uint64(i + 1), sent: sent + p.utcNs + int64(tt.skew(i)), lat: 47}
				if tt.boot {
					s.boot = sent - start + 1
				}
				f, ok := p.at(t, sent, s)
				if !ok {
					lost++
				} else if off := time.Duration(f.MeasuredNs - sent); off != 0 {
					t.Fatalf("position %d is placed %v off", i, off)
				}
			}
			if lost != tt.lost {
				t.Errorf("%d are not followed instead of %d", lost, tt.lost)
			}
			if d := p.Detail(); tt.words == "" && strings.Contains(d, "clock") || !strings.Contains(d, tt.words) {
				t.Errorf("%q", d)
			}
			if said := strings.Contains(p.logged.String(), "bus.untimely"); said != (tt.words != "") {
				t.Errorf("the log says\n%s", p.logged.String())
			}
		})
	}
}

// What comes again, or overtaken, or from a run of the rig that has ended, is
// not followed.
func TestWhatIsNotNewIsNotFollowed(t *testing.T) {
	p := newPair(FollowOptions{})
	start := p.nowNs
	second := int64(0)
	for i, tt := range []struct {
		id          string
		incarnation uint64
		sequence    uint64
		boot        int64 // seconds
		after       int64 // seconds
		want        bool
	}{
		{"1", 5, 1, 100, 1, true},
		{"1", 5, 2, 101, 1, true},
		{"1", 5, 2, 101, 0, false}, // again
		{"1", 5, 1, 100, 0, false}, // overtaken
		{"1", 5, 9, 102, 1, true},
		{"1", 5, 10, 102, 0, false}, // the same measurement
		{"1", 6, 1, 1, 1, true},     // started again
		{"1", 5, 11, 104, 0, false},
		{"1", 6, 2, 2, 1, true},
		{"2", 8, 1, 50, 1, false}, // another rig of that name
		{"1", 6, 3, 4, 1, true},
		{"2", 8, 5, 55, 4, true}, // that goes on
		{"1", 6, 4, 9, 1, false},
		{"1", 6, 5, 13, 4, true}, // and went
		{"", 0, 0, 0, 0, false},
		{"", 0, 0, 0, 4, true}, // by hand
		{"", 0, 0, 0, 0, true},
		{"", 0, 0, 0, 1, true},
	} {
		second += tt.after
		if _, got := p.at(t, start+second*int64(time.Second), said{
			rig: "rover-1", id: tt.id, incarnation: tt.incarnation, sequence: tt.sequence, boot: tt.boot * int64(time.Second), lat: 47 + float64(i)/1e5,
		}); got != tt.want {
			t.Errorf("message %d of %s/%d: %t instead of %t", tt.sequence, tt.id, tt.incarnation, got, tt.want)
		}
	}
}

func TestWhatIsTooOldOrMakesNoSenseIsNotFollowed(t *testing.T) {
	p := newPair(FollowOptions{Expire: 4 * time.Second})
	start := p.nowNs
	s := said{rig: "rover-1", id: "1", incarnation: 1, sequence: 1, boot: hour, lat: 47}
	next := func(after time.Duration, late, age time.Duration) bool {
		start += int64(after)
		s.boot += int64(after)
		s.sequence++
		s.age = int64(age)
		_, ok := p.at(t, start+int64(late), s)
		return ok
	}
	for _, tt := range []struct {
		late, age time.Duration
		want      bool
	}{
		{0, 0, true},
		{0, 3 * time.Second, false}, // before the last
		{2 * time.Second, 0, true},
		{4500 * time.Millisecond, 0, false},
		{3 * time.Second, 1500 * time.Millisecond, false},
		{0, 366 * 24 * time.Hour, false},
		{0, 0, true},
	} {
		if got := next(2*time.Second, tt.late, tt.age); got != tt.want {
			t.Errorf("%v late, %v old: %t", tt.late, tt.age, got)
		}
	}
	if n := strings.Count(p.logged.String(), "too late"); n != 1 {
		t.Errorf("said %d times:\n%s", n, p.logged.String())
	}
	for _, data := range []string{"", "{", "\xff\xff", `{"lat":91,"lon":0}`, strings.Repeat("x", 5000)} {
		if p.take(Message{Address: Address{Rig: "rover-1", Kind: KindPosition}, Data: []byte(data), ArrivedNs: p.nowNs}, func(e gps.Event) {
			t.Errorf("%q tells %+v", data, e)
		}) {
			t.Errorf("%q is followed", data)
		}
	}
	if len(p.bus.refused) != 5 {
		t.Errorf("refused %v", p.bus.refused)
	}
}

// A meta GPS may be said by any rig, by this one as well, and by hand.
func TestAMetaGPSIsFollowedWhoeverSaysIt(t *testing.T) {
	p := newPair(FollowOptions{From: Heard{MetaGPS: "phone"}})
	start := p.nowNs
	sec := int64(time.Second)
	for i, tt := range []struct {
		second int64
		s      said
		want   bool
	}{
		{0, said{rig: "rover-1", id: "1", incarnation: 1, sequence: 1, boot: hour, meta: true}, true},
		{1, said{rig: "base", id: "b", incarnation: 3, sequence: 1, boot: hour, meta: true, self: true}, false}, // the other one speaks
		{5, said{rig: "base", id: "b", incarnation: 3, sequence: 2, boot: hour + 4*sec, meta: true, self: true}, true},
		{6, said{rig: "base", id: "b", incarnation: 3, sequence: 3, boot: hour + 5*sec, meta: true, self: true, follows: []string{"base"}}, false},
		{10, said{rig: "x", meta: true}, true},
	} {
		tt.s.lat = 47
		if _, got := p.at(t, start+tt.second*sec, tt.s); got != tt.want {
			t.Errorf("message %d: %t instead of %t", i, got, tt.want)
		}
	}
	if f := p.fixes[len(p.fixes)-1]; f.AccuracyM < AssumedAccuracyM || f.AccuracyOrigin != gps.OriginAssumed {
		t.Errorf("%+v", f)
	}
	if got := p.kin.of(p.nowNs); got != nil {
		t.Errorf("made of %v", got)
	}
}

func TestHeard(t *testing.T) {
	got := fmt.Sprint(Heard{Rig: "a"}, Heard{MetaGPS: "phone"}, Heard{Rig: "a", MetaGPS: "phone"})
	if want := "a metagps phone metagps phone of a"; got != want {
		t.Errorf("%q instead of %q", got, want)
	}
}

// Run tells what comes, and that nothing comes any more; bridges can ask where it
// is between.
func TestRunOfAFollower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		now := func() int64 { return 10*hour + int64(time.Since(began)) }
		b := &earshot{}
		f := newFollower(b, "base", new(lineage), now, func() (int64, bool) { return 0, false }, FollowOptions{From: Heard{Rig: "rover-1"}, Expire: 6 * time.Second})
		ctx, cancel := context.WithCancel(t.Context())
		var got []string
		ended := make(chan error)
		go func() {
			ended <- f.Run(ctx, func(e gps.Event) {
				fix := e.(gps.Fix)
				got = append(got, fmt.Sprintf("%v %v", time.Since(began), fix.HasPosition()))
			})
		}()
		synctest.Wait()
		if diff := cmp.Diff([]Filter{{Kind: KindPosition, Rig: "rover-1"}}, b.filters); diff != "" {
			t.Error(diff)
		}
		if _, ok := f.Position(now()); ok {
			t.Error("there is a position")
		}
		speed := 30.0
		for i := range uint64(2) {
			b.say(said{rig: "rover-1", incarnation: 1, sequence: i + 1, boot: now(), lat: 47, speed: &speed, age: int64(time.Second)}.message(t, now()))
			<-time.After(2 * time.Second)
			synctest.Wait()
		}
		p, ok := f.Position(now())
		if !ok || p.Lat != 47 || p.SpeedMPS != 30 { // without a heading it is not moved on
			t.Errorf("%+v, %t", p, ok)
		}
		<-time.After(10 * time.Second)
		if _, ok := f.Position(now()); ok {
			t.Error("there still is a position")
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"0s true", "2s true", "7s false"}, got); diff != "" {
			t.Error(diff)
		}
		if len(b.heard) != 0 {
			t.Error("it still hears")
		}
		b.away = true
		if d := f.Detail(); !strings.HasSuffix(d, "the bus is not connected") {
			t.Error(d)
		}
	})
}

// Who has no track of his own gets the position where it is now.
func TestPositionIsMovedOn(t *testing.T) {
	p := newPair(FollowOptions{HandOn: true})
	course, speed, lat, lon := 90.0, 30.0, 47.0, 8.0
	data, err := pb.Encode(&pb.Position{Lat: &lat, Lon: &lon, SpeedMps: &speed, CourseDeg: &course, AgeNs: int64(500 * time.Millisecond)})
	if err != nil {
		t.Fatal(err)
	}
	if !p.take(Message{Address: Address{Rig: "rover-1", Kind: KindPosition}, Data: data, ArrivedNs: p.nowNs}, func(gps.Event) {}) {
		t.Fatal("not followed")
	}
	plane := gps.NewPlane(gps.LLA{Lat: 47, Lon: 8})
	for after, want := range map[time.Duration]float64{0: 15, time.Second: 45, 8 * time.Second: 90} {
		got, ok := p.Position(p.nowNs + int64(after))
		at := plane.ToENU(gps.LLA{Lat: got.Lat, Lon: got.Lon})
		if !ok || math.Abs(at.E-want) > 0.1 || math.Abs(at.N) > 0.1 {
			t.Errorf("after %v: %+v, %t", after, at, ok)
		}
	}
}

func BenchmarkFollow(b *testing.B) {
	p := newPair(FollowOptions{})
	speed := 30.0
	m := said{rig: "rover-1", id: "1", lat: 47, speed: &speed}.message(b, p.nowNs)
	b.ReportAllocs()
	for b.Loop() {
		p.nowNs += int64(100 * time.Millisecond)
		m.ArrivedNs = p.nowNs
		p.take(m, func(gps.Event) {})
	}
}
