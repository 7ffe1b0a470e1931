package bus

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/gps"
)

func TestOwnPositionsAreNotFollowed(t *testing.T) {
	for _, tt := range []struct {
		name string
		s    said
		o    FollowOptions
		want bool
	}{
		{"another's", said{rig: "rover-1"}, FollowOptions{}, true},
		{"one made of another's", said{rig: "rover-1", follows: []string{"rover-2"}}, FollowOptions{}, true},
		{"our own", said{rig: "base"}, FollowOptions{}, false},
		{"our own under another name", said{rig: "rover-1", self: true}, FollowOptions{}, false},
		{"one made of ours", said{rig: "rover-1", follows: []string{"base"}}, FollowOptions{}, false},
		{"one made of ours over others", said{rig: "rover-1", follows: []string{"a", "base", "c"}}, FollowOptions{}, false},
		{"one made of too many", said{rig: "rover-1", follows: []string{"a", "b", "c", "d", "e", "f", "g", "h"}}, FollowOptions{}, false},
		{"ours, to hand on", said{rig: "base", self: true}, FollowOptions{HandOn: true}, true},
		{"one made of ours, to hand on", said{rig: "rover-1", follows: []string{"base"}}, FollowOptions{HandOn: true}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPair(tt.o)
			tt.s.lat = 47
			if _, got := p.at(t, p.nowNs, tt.s); got != tt.want {
				t.Fatalf("%t instead of %t", got, tt.want)
			}
			var kin []string
			if tt.want && !tt.o.HandOn {
				kin = append(slices.Clone(tt.s.follows), "rover-1")
				slices.Sort(kin)
			}
			if diff := cmp.Diff(kin, p.kin.of(p.nowNs)); diff != "" {
				t.Error(diff)
			}
			if got := p.kin.of(p.nowNs + int64(keepKin) + 1); got != nil {
				t.Errorf("later it is still made of %v", got)
			}
		})
	}
}

// What was posted here is a receiver's already, and would count twice. What a
// program beside us says in our name is not ours.
func TestAMetaGPSThatWasPostedHereIsNotFollowed(t *testing.T) {
	for _, tt := range []struct {
		name string
		run  uint64
		o    FollowOptions
		want bool
	}{
		{"posted here", 9, FollowOptions{From: Heard{MetaGPS: "phone"}}, false},
		{"posted here, to hand on", 9, FollowOptions{From: Heard{MetaGPS: "phone"}, HandOn: true}, true},
		{"in our name", 0, FollowOptions{From: Heard{MetaGPS: "phone"}}, true},
		{"posted elsewhere", 8, FollowOptions{From: Heard{MetaGPS: "phone"}}, true},
	} {
		p := newPair(tt.o)
		p.kin.run = 9
		if _, got := p.at(t, p.nowNs, said{rig: "base", self: true, incarnation: tt.run, sequence: 1, lat: 47, meta: true}); got != tt.want {
			t.Errorf("%s: %t instead of %t", tt.name, got, tt.want)
		}
	}
}

func TestALineageNamesAsManyAsAMessageCan(t *testing.T) {
	var l lineage
	for i := range 20 {
		l.add(1, Message{Address: Address{Rig: fmt.Sprint("rig-", i), Kind: KindPosition}}, nil)
	}
	if n := len(l.of(2)); n != pb.MaxFollows {
		t.Errorf("%d", n)
	}
}

// A crowd is rigs that follow each other, each with a receiver of its own.
type crowd struct {
	t       *testing.T
	rng     *rand.Rand
	nowNs   int64
	rigs    map[string]*crowdRig
	onWay   []crowdMessage
	highest time.Duration // delay
}

type crowdRig struct {
	name      string
	kin       lineage
	followers map[string]*Follower // by whom they follow
	took      map[string]int       // lately
	sequence  uint64
	madeOf    map[string]int64 // the truth: until when
}

type crowdMessage struct {
	at     int64
	to     *crowdRig
	from   string
	m      Message
	madeOf map[string]bool
}

func newCrowd(t *testing.T, seed uint64, highest time.Duration, edges ...[2]string) *crowd {
	c := &crowd{t: t, rng: rand.New(rand.NewPCG(seed, 3)), nowNs: hour, rigs: map[string]*crowdRig{}, highest: highest}
	for _, e := range edges {
		for _, name := range e {
			if c.rigs[name] == nil {
				c.rigs[name] = &crowdRig{name: name, followers: map[string]*Follower{}, took: map[string]int{}, madeOf: map[string]int64{}}
			}
		}
		r := c.rigs[e[0]]
		r.followers[e[1]] = newFollower(deafBus{}, r.name, &r.kin, func() int64 { return c.nowNs },
			func() (int64, bool) { return 0, false }, FollowOptions{From: Heard{Rig: e[1]}})
	}
	return c
}

// run lets every rig say each second where it is.
func (c *crowd) run(d time.Duration) {
	names := slices.Sorted(maps.Keys(c.rigs))
	for end := c.nowNs + int64(d); c.nowNs < end; c.nowNs += int64(250 * time.Millisecond) {
		if c.nowNs%int64(time.Second) == 0 {
			for _, name := range names {
				c.publish(c.rigs[name])
			}
		}
		c.onWay = slices.DeleteFunc(c.onWay, func(m crowdMessage) bool {
			if m.at > c.nowNs {
				return false
			}
			c.arrive(m)
			return true
		})
	}
}

func (c *crowd) publish(r *crowdRig) {
	r.sequence++
	s := said{rig: r.name, id: r.name, incarnation: 1, sequence: r.sequence, boot: c.nowNs, lat: 47, follows: r.kin.of(c.nowNs)}
	madeOf := map[string]bool{}
	for rig, until := range r.madeOf {
		madeOf[rig] = until >= c.nowNs
	}
	m := s.message(c.t, 0)
	for _, name := range slices.Sorted(maps.Keys(c.rigs)) {
		if to := c.rigs[name]; to.followers[r.name] != nil {
			c.onWay = append(c.onWay, crowdMessage{c.nowNs + c.rng.Int64N(int64(c.highest)+1), to, r.name, m, madeOf})
		}
	}
}

func (c *crowd) arrive(w crowdMessage) {
	w.m.ArrivedNs = c.nowNs
	if !w.to.followers[w.from].take(w.m, func(gps.Event) {}) {
		return
	}
	if w.madeOf[w.to.name] {
		c.t.Fatalf("%s follows its own position, by %s", w.to.name, w.from)
	}
	w.to.took[w.from]++
	until := c.nowNs + int64(keepKin)
	w.to.madeOf[w.from] = until
	for rig, is := range w.madeOf {
		if is {
			w.to.madeOf[rig] = until
		}
	}
}

// Rigs that follow each other in any circle never get their own position back,
// and find a state in which those that follow somebody do so all the time.
func TestRigsThatFollowEachOtherDoNotGoInCircles(t *testing.T) {
	for _, tt := range []struct {
		name  string
		edges [][2]string
		least int // of the edges that are followed in the end
	}{
		{"two", [][2]string{{"a", "b"}, {"b", "a"}}, 1},
		{"three", [][2]string{{"a", "b"}, {"b", "c"}, {"c", "a"}}, 2},
		{"three the other way", [][2]string{{"a", "c"}, {"c", "b"}, {"b", "a"}}, 2},
		{"each of three both others", [][2]string{{"a", "b"}, {"b", "a"}, {"a", "c"}, {"c", "a"}, {"b", "c"}, {"c", "b"}}, 2},
		{"five", [][2]string{{"a", "b"}, {"b", "c"}, {"c", "d"}, {"d", "e"}, {"e", "a"}}, 3},
		{"a chain", [][2]string{{"a", "b"}, {"b", "c"}, {"c", "d"}}, 3},
	} {
		for _, delay := range []time.Duration{0, 2 * time.Second} {
			t.Run(fmt.Sprintf("%s, %v", tt.name, delay), func(t *testing.T) {
				c := newCrowd(t, 1, delay, tt.edges...)
				c.run(time.Hour)
				for _, r := range c.rigs {
					clear(r.took)
				}
				const seconds = 300
				c.run(seconds * time.Second)
				steady, sometimes := 0, 0
				for _, r := range c.rigs {
					for _, n := range r.took {
						// One that overtook another is passed over.
						if n > seconds*4/10 {
							steady++
						} else {
							sometimes += n
						}
					}
				}
				t.Logf("%d of %d followed, and %d positions beside", steady, len(tt.edges), sometimes)
				if steady < tt.least || sometimes > 2 {
					t.Errorf("%d of %d are followed all the time, and %d positions are beside", steady, len(tt.edges), sometimes)
				}
			})
		}
	}
}
