package bus

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/gps"
)

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
	if got, want := p.Detail(), "100 heard, the last from rover-1 and 0s late"; got != want {
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
		{"1", 5, 3, 101, 4, false},  // recorded, and said again after a silence
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
