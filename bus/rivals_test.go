package bus

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/bus/pb"
)

func book(now, utc int64, others ...ClaimState) *claimBook {
	c := new(claimBook)
	c.init()
	c.set([]ClaimRequest{{UUID: "U", Source: "wlan0"}}, now)
	for _, o := range others {
		c.note(o, now)
	}
	c.settle(utc)
	return c
}

// Whatever clocks say: who was there before is the first, and of two rigs never
// both are, nor none.
func TestOneRigOfTwoIsTheFirst(t *testing.T) {
	for _, c := range []struct {
		name       string
		aUTC, bUTC int64
		aBefore    bool // b knew of a when it claimed
		wantFirst  string
		aID, bID   string
	}{
		{"true clocks", 1000, 2000, false, "a", "a", "b"},
		{"true clocks, known", 1000, 2000, true, "a", "a", "b"},
		{"the second's clock is behind", 2000, 1000, true, "a", "a", "b"},
		{"the second has no clock", 2000, 0, true, "a", "a", "b"},
		{"both at once", 1000, 1000, false, "a", "a", "b"},
		{"both at once, other ids", 1000, 1000, false, "b", "b", "a"},
		{"no clocks", 0, 0, true, "a", "b", "a"},
		{"the first's clock is at its end", math.MaxInt64, 1000, true, "a", "a", "b"},
		{"a clock before 1970", -5, -5, false, "a", "a", "b"},
		{"one disk image", 1000, 1000, false, "a", "x", "x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := book(0, c.aUTC)
			since, _ := a.since("U", 0)
			ofA := ClaimState{UUID: "U", Rig: "a", RigID: c.aID, SinceNs: since}
			var b *claimBook
			if c.aBefore {
				b = book(0, c.bUTC, ofA)
			} else {
				b = book(0, c.bUTC)
				b.note(ofA, 0)
			}
			if since, _ = b.since("U", 0); since < 0 || since > pb.MaxTimeNs {
				t.Errorf("%d cannot be said", since)
			}
			a.note(ClaimState{UUID: "U", Rig: "b", RigID: c.bID, SinceNs: since}, 0)
			seenByA, seenByB := a.states("a", c.aID), b.states("b", c.bID)
			if len(seenByA) != 1 || len(seenByB) != 1 {
				t.Fatalf("a sees %v, b sees %v", seenByA, seenByB)
			}
			if seenByA[0].First == seenByB[0].First {
				t.Fatalf("a sees %+v, b sees %+v", seenByA[0], seenByB[0])
			}
			first := "b"
			if seenByA[0].First {
				first = "a"
			}
			if first != c.wantFirst {
				t.Errorf("first is %s, not %s", first, c.wantFirst)
			}
		})
	}
}

func TestRivalsComeAndGo(t *testing.T) {
	c := book(0, 100)
	r := ClaimState{UUID: "U", Rig: "b", RigID: "b", SinceNs: 200}
	began, _ := c.note(r, 10)
	want := r
	want.Ours = "wlan0"
	if diff := cmp.Diff([]ClaimState{want}, began); diff != "" {
		t.Errorf("began (-want +got)\n%s", diff)
	}
	if began, _ = c.note(r, 20); began != nil {
		t.Errorf("began again: %v", began)
	}
	if began, _ = c.note(ClaimState{UUID: "V", RigID: "b"}, 20); began != nil {
		t.Errorf("began with what is not ours: %v", began)
	}
	if _, ended := c.expire(20); ended != nil {
		t.Errorf("ended early: %v", ended)
	}
	if _, ended := c.expire(21); len(ended) != 1 {
		t.Errorf("%d ended", len(ended))
	}
	c.note(r, 30)
	if _, ended := c.drop("U", "b", "b"); len(ended) != 1 {
		t.Errorf("%d were taken back", len(ended))
	}
	c.note(r, 40)
	if changed, over := c.set(nil, 50); !changed || len(over) != 1 {
		t.Errorf("%d are over when we have no such source any more", len(over))
	}
}

func TestRivalsAreBounded(t *testing.T) {
	c := book(0, 100)
	for i := range 100 {
		c.note(ClaimState{UUID: "U", RigID: string(rune('a' + i))}, 0)
	}
	if n := len(c.states("x", "x")); n != maxRivals {
		t.Errorf("%d rivals", n)
	}
	many := make([]ClaimRequest, 1000)
	for i := range many {
		many[i].UUID = Token("u" + string(rune('0'+i%10)) + string(rune('0'+i/10%10)) + string(rune('0'+i/100)))
	}
	c.set(append(many, ClaimRequest{UUID: "no token"}, ClaimRequest{}), 0)
	if n := len(c.list()); n != maxClaims {
		t.Errorf("%d claims", n)
	}
}

// After a new start of the hub its bucket is empty: rivals have their time to
// claim again.
func TestRivalsAreMissedBeforeTheyAreGone(t *testing.T) {
	const lease, second = int64(claimLease), int64(time.Second)
	c := book(0, 100)
	r := ClaimState{UUID: "U", Rig: "b", RigID: "b", SinceNs: 200}
	c.note(r, second)
	c.cut(5 * second)
	c.learned(60 * second)
	c.cut(61 * second)
	c.learned(65 * second)
	if _, ended := c.expire(60 * second); ended != nil {
		t.Errorf("ended early: %v", ended)
	}
	if _, ended := c.expire(60*second + 1); len(ended) != 1 {
		t.Errorf("%d ended after %v", len(ended), claimLease)
	}
	c.note(r, 70*second)
	c.learned(80 * second)
	c.note(r, 81*second)
	if _, ended := c.expire(81 * second); ended != nil {
		t.Errorf("ended though it is here again: %v", ended)
	}
	if _, ended := c.expire(81*second + lease); len(ended) != 1 {
		t.Errorf("%d ended", len(ended))
	}
}

// A rig that hears nothing for long does as if it were alone.
func TestARivalOfLongAgoIsNone(t *testing.T) {
	var now int64
	b := quietBus(t, &now)
	b.Claim([]ClaimRequest{{UUID: "U", Source: "wlan0"}})
	b.claims.learned(0)
	b.claims.note(ClaimState{UUID: "U", Rig: "b", RigID: "b"}, 0)
	now = 5 * int64(time.Second)
	b.claims.cut(now)
	now += int64(claimAlone)
	b.claims.cut(now) // tried again in vain
	if _, known := b.Rival("U"); !known {
		t.Error("the rival is forgotten at once")
	}
	now++
	if r, known := b.Rival("U"); known {
		t.Errorf("after %v of silence: %+v", claimAlone, r)
	}
	if s := b.State(); len(s.Claims) != 1 || s.Watching {
		t.Errorf("state %+v", s)
	}
	b.claims.learned(now)
	if _, known := b.Rival("U"); !known {
		t.Error("no rival until it is missed")
	}
}

// What is said again and again, as by who looks for new sources, changes nothing.
func TestClaimingTheSameAgainIsNoNews(t *testing.T) {
	b := quietBus(t, new(int64))
	claims := []ClaimRequest{{UUID: "U", Source: "wlan0"}, {UUID: "V", Source: "wlan1"}}
	news := func() int {
		select {
		case <-b.claims.changed:
			return 1
		default:
			return 0
		}
	}
	b.Claim(claims)
	b.claims.settle(1000)
	got := []int{news()}
	b.Claim(claims)
	got = append(got, news())
	b.Claim([]ClaimRequest{claims[1], claims[0]})
	got = append(got, news())
	b.Claim([]ClaimRequest{claims[0], {UUID: "V", Source: "wlan2"}})
	got = append(got, news())
	b.Claim(claims[:1])
	got = append(got, news())
	if diff := cmp.Diff([]int{1, 0, 0, 1, 1}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A source may go while its rival is being told of.
func TestARivalOfNothingIsNotTold(t *testing.T) {
	b := quietBus(t, new(int64))
	var told []Change
	b.trouble.notify = func(c Change) { told = append(told, c) }
	b.Claim([]ClaimRequest{{UUID: "U", Source: "wlan0"}})
	began, ended := b.claims.note(ClaimState{UUID: "U", Rig: "b", RigID: "b"}, 0)
	b.Claim(nil)
	b.tellRivals(began, ended)
	if len(told)%2 != 0 || b.trouble.err(rivalKey(began[0])) != nil {
		t.Errorf("told %v", told)
	}
}

// quietBus is one that does not run. now is its CLOCK_BOOTTIME.
func quietBus(t *testing.T, now *int64) *Bus {
	t.Helper()
	b, err := New(Options{
		Fleet: "fleet", Rig: "a", RigID: "a", Mode: Join, URLs: []string{"nats://localhost"}, Claims: true,
		Now: func() int64 { return *now }, UTC: func() (int64, bool) { return 0, false },
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}
