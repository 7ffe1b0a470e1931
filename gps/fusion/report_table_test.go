package fusion_test

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/sensord/sensord/gps/fusion"
	"github.com/sensord/sensord/gps/gpstest"
)

// perSecond is how many frames are heard on average.
const perSecond = 2

// Names of rows.
const (
	single = ", our filter"
	both   = "both, fusion"
)

// A part is one scenario of the report.
type part struct {
	scenario gpstest.Scenario
	rows     []*row
	outages  outages
	ours     []*gpstest.Grader // each drive through what the targets are about, also those that have no rows
}

// A row is one way to locate frames, over all drives of a scenario.
type row struct {
	how   string
	all   gpstest.Grader
	turns gpstest.Grader // frames in turns of more than 5 degrees per second only
}

// outages is what happened while receivers had no fix, in the fusion row.
type outages struct {
	stalest time.Duration // how much older than a frame the newest fix was, of frames that got a predicted position
	longest time.Duration // that a frame waited
	blind   int           // frames more than Predict behind the last fix, and located by no later one
	back    time.Duration // the longest from the first fix after half a minute or more to the first frame with a position
}

// firstSeed is the number of the report's first drive. Who works on the filter
// looks at others.
const firstSeed = 1001

// drives is how many there are of a scenario: fewer of those that take an hour.
func drives(s gpstest.Scenario, seeds int) int {
	if s.Name == "crossing" {
		return max(seeds/4, 1)
	}
	return seeds
}

// makeReport runs so many drives of each scenario.
func makeReport(seeds int) []*part {
	all := gpstest.Scenarios()
	parts := make([]*part, len(all))
	type job struct{ part, seed int }
	jobs := make(chan job)
	results := make([][]*part, len(all))
	for i := range all {
		results[i] = make([]*part, drives(all[i], seeds))
	}
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for j := range jobs {
				results[j.part][j.seed] = judge(all[j.part], uint64(firstSeed+j.seed))
			}
		})
	}
	for i := range all {
		for s := range results[i] {
			jobs <- job{i, s}
		}
	}
	close(jobs)
	workers.Wait()
	for i := range all {
		for _, one := range results[i] {
			parts[i] = parts[i].merge(one)
		}
	}
	return parts
}

func (p *part) merge(o *part) *part {
	if p == nil {
		return o
	}
	for i, r := range p.rows {
		r.all.Merge(&o.rows[i].all)
		r.turns.Merge(&o.rows[i].turns)
	}
	p.ours = append(p.ours, o.ours...)
	p.outages.stalest = max(p.outages.stalest, o.outages.stalest)
	p.outages.longest = max(p.outages.longest, o.outages.longest)
	p.outages.back = max(p.outages.back, o.outages.back)
	p.outages.blind += o.outages.blind
	return p
}

// judge locates the frames of one drive in every way, and those of more drives
// along the same way as sensord does.
func judge(s gpstest.Scenario, seed uint64) *part {
	n := 1
	if !s.Wide {
		n += again
	}
	drives := s.Drives(seed, n)
	d := drives[0]
	frames := framesOf(d, seed, perSecond)
	truth := truthOf(d, frames)
	p := &part{scenario: s}
	add := func(how string, answers []answer) {
		r := &row{how: how, all: *grade(truth, answers)}
		for i, a := range answers {
			if math.Abs(truth[i].TurnDPS) > 5 {
				r.turns.Add(truth[i], a.Position, a.OK)
			}
		}
		p.rows = append(p.rows, r)
	}
	o := fusion.Options{Motion: fusion.Car}
	if s.OnFoot {
		o.Motion = fusion.Foot
	}
	several := len(d.Models) > 1
	for i, m := range d.Models {
		alone := d.Only(m.Name)
		add(m.Name+", last fix held", hold(alone, frames))
		if i == 0 {
			add(m.Name+", straight lines afterwards", connect(alone, frames))
		}
		if several {
			add(m.Name+single, locate(alone, seed, o, frames).answers)
		}
	}
	c := locate(d, seed, o, frames)
	p.ours = append(p.ours, grade(truth, c.answers))
	for i, more := range drives[1:] {
		frames := framesOf(more, seed<<8+uint64(i), perSecond/2)
		p.ours = append(p.ours, grade(truthOf(more, frames), locate(more, seed, o, frames).answers))
	}
	p.outages = watchOutages(d, c.answers)
	if !several {
		add(d.Models[0].Name+single, c.answers)
		return p
	}
	add(both, c.answers)
	o.Mode = fusion.Priority
	add("both, priority", locate(d, seed, o, frames).answers)
	return p
}

// fused is the row that the targets are about.
func (p *part) fused() *row {
	for _, r := range p.rows {
		if r.how == both {
			return r
		}
	}
	return p.rows[len(p.rows)-1] // the only receiver, through our filter
}

// inside is the share of frames within the claimed radius over all drives of a
// scenario, and by how much chance moves it: its standard error.
func (p *part) inside() (share, chance float64) {
	var all gpstest.Grader
	var sum, sq, n float64
	for _, g := range p.ours {
		all.Merge(g)
		if in := g.Grade().Inside; !math.IsNaN(in) {
			sum, sq, n = sum+in, sq+in*in, n+1
		}
	}
	return all.Grade().Inside, math.Sqrt(max(sq/n-sum*sum/n/n, 0) / n)
}

// watchOutages looks at frames that were heard when no receiver had a fix.
func watchOutages(d *gpstest.Drive, answers []answer) (o outages) {
	// When the newest fix was measured, and the first one after an outage arrived.
	var last, back int64
	next := 0
	for _, a := range answers {
		o.longest = max(o.longest, time.Duration(a.ReleasedNs-a.AtNs))
		for ; next < len(d.Arrivals) && d.Arrivals[next].AtNs <= a.ReleasedNs; next++ {
			f := d.Arrivals[next].Fix
			if !f.HasPosition() {
				continue
			}
			measured := f.TimeNs - d.OffsetNs()
			if last != 0 && measured-last > int64(30*time.Second) {
				back = d.Arrivals[next].AtNs
			}
			last = max(last, measured)
		}
		later := last >= a.AtNs
		if !later && last != 0 && a.AtNs-last > int64(3*time.Second) {
			o.blind++
		}
		if a.OK && !later {
			o.stalest = max(o.stalest, time.Duration(a.AtNs-last))
		}
		if a.OK && back != 0 && a.AtNs > back {
			o.back = max(o.back, time.Duration(a.AtNs-back))
			back = 0
		}
	}
	return o
}

// table is the report as it stands in docs/positions.md.
func table(parts []*part) string {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "| **%s** | RMSE | p50 | p95 | mean | inside | gross | none | worst |\n", p.scenario.Title)
		if p == parts[0] {
			b.WriteString("|---|---:|---:|---:|---:|---:|---:|---:|---:|\n")
		}
		for _, r := range p.rows {
			g := r.all.Grade()
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %d | %s | %s |\n", r.how,
				metres(g.RMSE), metres(g.P50), metres(g.P95), metres(g.Mean), percent(g.Inside), g.Gross, percent(g.None), metres(g.Worst))
		}
	}
	return b.String()
}

// calibrated is the second table there.
func calibrated(parts []*part) string {
	var b strings.Builder
	b.WriteString("| | drives | inside | give or take |\n|---|---:|---:|---:|\n")
	for _, p := range parts {
		in, chance := p.inside()
		fmt.Fprintf(&b, "| %s | %d | %s | %s |\n", p.scenario.Title, len(p.ours), percent(in), percent(chance))
	}
	return b.String()
}

func metres(x float64) string {
	switch {
	case math.IsNaN(x):
		return "-"
	case x < 10:
		return fmt.Sprintf("%.2f", x)
	case x < 100:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

func percent(x float64) string {
	if math.IsNaN(x) {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*x)
}
