package fusion_test

import (
	"math/rand/v2"
	"testing"

	"github.com/sensord/sensord/gps/fusion"
)

// busy is one and a half minutes of a drive, over and over.
type busy struct {
	f     *fusion.Filter
	all   []arrival
	i     int
	round float64
}

func newBusy(ears ...ear) *busy {
	rng := rand.New(rand.NewPCG(9, 9))
	return &busy{f: fusion.New(fusion.Options{}), all: hear(rng, parked, &home, 90, ears...)}
}

func (b *busy) add() {
	a := b.all[b.i]
	b.f.Add(a.fix, ns(a.t+b.round*90))
	if b.i++; b.i == len(b.all) {
		b.i, b.round = 0, b.round+1
	}
}

func tenHz(name string) ear {
	e := good(name)
	e.every = 0.1
	return e
}

// BenchmarkFix is what one fix costs: 1 Hz alone; with a second receiver whose
// fixes come 0.8 s late; two at 10 Hz, with 100 points that may still change.
func BenchmarkFix(b *testing.B) {
	late := good("b")
	late.shift, late.latency = 0.4, 0.8
	late10 := tenHz("b")
	late10.shift, late10.latency = 0.05, 0.8
	for _, bb := range []struct {
		name string
		ears []ear
	}{
		{"one", []ear{good("a")}},
		{"two", []ear{good("a"), late}},
		{"two 10 Hz", []ear{tenHz("a"), late10}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			w := newBusy(bb.ears...)
			for range len(w.all) {
				w.add()
			}
			b.ReportAllocs()
			for b.Loop() {
				w.add()
			}
		})
	}
}

// Once it has what it needs, a fix allocates nothing.
func TestFixAllocatesNothing(t *testing.T) {
	late := good("b")
	late.shift, late.latency = 0.4, 0.8
	w := newBusy(good("a"), late)
	for range 4 * len(w.all) {
		w.add()
	}
	if n := testing.AllocsPerRun(500, w.add); n > 0.05 {
		t.Errorf("%.2f allocations per fix", n)
	}
}
