package fusion_test

import (
	"flag"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/fusion"
	"github.com/sensord/sensord/gps/gpstest"
)

var update = flag.Bool("update", false, "rewrite the report in docs/positions.md")

// TestReport drives through all scenarios and holds what comes out against what
// sensord promises, and against what its documents say.
func TestReport(t *testing.T) {
	parts := makeReport(seeds)
	t.Run("timing", func(t *testing.T) { timing(t, parts) })
	t.Run("outages", func(t *testing.T) { outage(t, parts) })
	t.Run("gross errors", func(t *testing.T) {
		for _, p := range parts {
			for i, g := range p.ours {
				if g := g.Grade(); g.Gross != 0 {
					t.Errorf("%s, drive %d: %d positions more than 50 m off that claim to be better than 15 m", p.scenario.Name, i, g.Gross)
				}
			}
		}
	})
	if enoughSeeds {
		t.Run("several receivers", func(t *testing.T) { several(t, parts) })
		t.Run("calibration", func(t *testing.T) { calibration(t, parts) })
		t.Run("documents", func(t *testing.T) { documents(t, table(parts)+"\n"+calibrated(parts)) })
	}
}

// timing: with a good receiver, a fix each second and up to 108 km/h, a frame is
// within 1 m of where it was heard on the straight, and within 2 m in turns.
func timing(t *testing.T, parts []*part) {
	for _, p := range parts {
		if !p.scenario.Timing {
			continue
		}
		r := p.fused()
		all, turns := r.all.Grade(), r.turns.Grade()
		switch {
		case all.None > 0.02:
			t.Errorf("%s: %.1f %% of the frames have no position", p.scenario.Name, 100*all.None)
		case p.scenario.Name == "straight" && !(all.RMSE <= 1):
			t.Errorf("%s: %.2f m RMSE", p.scenario.Name, all.RMSE)
		case p.scenario.Name != "straight" && (!(turns.RMSE <= 2) || !(all.RMSE <= 2) || turns.Frames < 50):
			t.Errorf("%s: %.2f m RMSE, %.2f m in turns, which %d frames were in", p.scenario.Name, all.RMSE, turns.RMSE, turns.Frames)
		}
	}
}

// outage: positions end within the prediction of 3 s behind the last fix, and
// are there again soon after the next, however far away that is.
func outage(t *testing.T, parts []*part) {
	const slack = 100 * time.Millisecond // by which a fix may be placed wrongly in time
	blind := 0
	for _, p := range parts {
		o := p.outages
		blind += o.blind
		if o.stalest > 3*time.Second+slack {
			t.Errorf("%s: a position %v behind the newest fix", p.scenario.Name, o.stalest)
		}
		if o.longest > gps.MaxWait {
			t.Errorf("%s: a frame waited for %v", p.scenario.Name, o.longest)
		}
		if o.back > fusion.DefaultBelieveAfter+3*time.Second {
			t.Errorf("%s: no position for %v after fixes came again", p.scenario.Name, o.back)
		}
	}
	if blind < 100 {
		t.Errorf("only %d frames were heard during outages", blind)
	}
}

// several: two receivers of a kind are better than the better one of them, and a
// worse one beside a good one does no harm to speak of.
func several(t *testing.T, parts []*part) {
	for _, p := range parts {
		two, best := p.fused().all.Grade(), math.Inf(1)
		for _, r := range p.rows {
			if strings.HasSuffix(r.how, single) {
				best = min(best, r.all.Grade().P95)
			}
		}
		switch p.scenario.Name {
		case "phones":
			if !(two.P95 < best) {
				t.Errorf("%s: p95 is %.2f m with both, and %.2f m with the better one", p.scenario.Name, two.P95, best)
			}
		case "city", "motorway", "ferry", "jam", "walk", "dateline", "pole":
			// Not where there are roofs: there, both have positions for frames
			// that one alone has none for.
			if !(two.P95 < 1.1*best) {
				t.Errorf("%s: p95 is %.2f m with both, and %.2f m with the better one", p.scenario.Name, two.P95, best)
			}
		}
	}
}

// calibration: of 100 positions 93 to 97 are within the radius that they claim,
// give or take what chance makes of the drives. Where receivers claim more than
// errors that last are, more of them are, and they do not count for the whole.
func calibration(t *testing.T, parts []*part) {
	var all gpstest.Grader
	for _, p := range parts {
		in, chance := p.inside()
		high := 0.97 + chance
		if p.scenario.Wide {
			high = 1
		} else {
			for _, g := range p.ours {
				all.Merge(g)
			}
		}
		if !(in >= 0.93-chance && in <= high) {
			t.Errorf("%s: %.1f %% are within the claimed radius, give or take %.1f", p.scenario.Name, 100*in, 100*chance)
		}
	}
	if in := all.Grade().Inside; !(in >= 0.93 && in <= 0.97) {
		t.Errorf("all: %.1f %% are within the claimed radius", 100*in)
	}
}

const (
	page    = "../../docs/positions.md"
	opening = "<!-- report: go test ./gps/fusion -run TestReport -update -->\n"
	closing = "<!-- end of report -->\n"
)

// documents holds the page against the report, or writes the report into it.
// Numbers may differ a little: processors round differently.
func documents(t *testing.T, report string) {
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, opened := strings.Cut(string(b), opening)
	old, after, closed := strings.Cut(rest, closing)
	if !opened || !closed {
		t.Fatalf("%s has no place for the report", page)
	}
	if *update {
		if err := os.WriteFile(page, []byte(before+opening+report+closing+after), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, got := strings.Split(report, "\n"), strings.Split(old, "\n")
	if len(want) != len(got) {
		t.Fatalf("%s has %d lines of report instead of %d: run this test with -update", page, len(got), len(want))
	}
	for i := range want {
		if !alike(want[i], got[i]) {
			t.Errorf("%s says\n%s\ninstead of\n%s\nif that is meant, run this test with -update", page, got[i], want[i])
		}
	}
}

// alike reports whether two lines say the same, to 3 % or two of the last digit.
func alike(a, b string) bool {
	x, y := strings.Fields(a), strings.Fields(b)
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i] == y[i] {
			continue
		}
		m, err1 := strconv.ParseFloat(x[i], 64)
		n, err2 := strconv.ParseFloat(y[i], 64)
		_, decimals, _ := strings.Cut(x[i], ".")
		if err1 != nil || err2 != nil || math.Abs(m-n) > max(0.03*math.Abs(m), 2.01*math.Pow10(-len(decimals))) {
			return false
		}
	}
	return true
}

func TestReportIsComparedWithTolerance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"| x | 1.00 | 95.0 % |", "| x | 1.02 | 95.2 % |", true},
		{"| x | 1.00 |", "| x | 1.05 |", false},
		{"| x | 300 |", "| x | 306 |", true},
		{"| x | - |", "| x | 1.00 |", false},
		{"| x |", "| y |", false},
		{"| x |", "| x | 1 |", false},
	} {
		if got := alike(tt.a, tt.b); got != tt.want {
			t.Errorf("alike(%q, %q) is %v", tt.a, tt.b, got)
		}
	}
}

// BenchmarkReport prints the report that is in docs/positions.md.
func BenchmarkReport(b *testing.B) {
	var parts []*part
	for b.Loop() {
		parts = makeReport(seeds)
	}
	if _, err := os.Stdout.WriteString("\n" + table(parts) + "\n" + calibrated(parts) + "\n"); err != nil {
		b.Fatal(err)
	}
	for _, p := range parts {
		g := p.fused().all.Grade()
		b.ReportMetric(g.P95, p.scenario.Name+"-p95-m")
		b.ReportMetric(100*g.Inside, p.scenario.Name+"-inside-%")
	}
	b.ReportMetric(0, "ns/op") // how long it takes says nothing
}
