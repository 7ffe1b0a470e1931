package bus

import (
	"testing"

	"github.com/google/go-cmp/cmp"
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
			since, _ = b.since("U", 0)
			a.note(ClaimState{UUID: "U", Rig: "b", RigID: c.bID, SinceNs: since}, 0)
			seenByA, seenByB := a.states(c.aID), b.states(c.bID)
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
	if _, ended := c.drop("U", "b"); len(ended) != 1 {
		t.Errorf("%d were taken back", len(ended))
	}
	c.note(r, 40)
	if over := c.set(nil, 50); len(over) != 1 {
		t.Errorf("%d are over when we have no such source any more", len(over))
	}
}

func TestRivalsAreBounded(t *testing.T) {
	c := book(0, 100)
	for i := range 100 {
		c.note(ClaimState{UUID: "U", RigID: string(rune('a' + i))}, 0)
	}
	if n := len(c.states("x")); n != maxRivals {
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
