package fusion_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// A told scenario is what the page's tables say of one.
type told struct {
	title       string
	both, best  float64 // p95 in metres, of fusion and of the better receiver alone; 0 if there is one receiver
	inside, all string  // within the radius: of the first table's drives, and of the second's
}

// readTables reads the tables of a page.
func readTables(t *testing.T, page string) []*told {
	t.Helper()
	var list []*told
	byTitle := map[string]*told{}
	_, report, _ := strings.Cut(page, opening)
	report, _, _ = strings.Cut(report, closing)
	for line := range strings.Lines(report) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch name := cells[0]; {
		case strings.HasPrefix(name, "**"):
			s := &told{title: strings.Trim(name, "*")}
			list, byTitle[s.title] = append(list, s), s
		case name == both, strings.HasSuffix(name, single):
			s := list[len(list)-1]
			p95, err := strconv.ParseFloat(cells[3], 64)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			if s.inside = cells[5]; name == both {
				s.both = p95
			} else if s.best == 0 || p95 < s.best {
				s.best = p95
			}
		case len(cells) == 4 && byTitle[name] != nil:
			byTitle[name].all = cells[2]
		}
	}
	return list
}

// The page says of each scenario that misses a target that it does, and by how
// much, and of no other.
func TestReportSaysWhatFallsShort(t *testing.T) {
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(b), "\n## What falls short\n")
	section, _, _ = strings.Cut(section, "\n## ")
	scenarios := readTables(t, string(b))
	if !found || len(scenarios) < 10 {
		t.Fatalf("section: %v, %d scenarios", found, len(scenarios))
	}
	outside := func(share string) bool {
		x, err := strconv.ParseFloat(strings.TrimSuffix(share, " %"), 64)
		if err != nil {
			t.Fatal(err)
		}
		return x < 93 || x > 97
	}
	var want []string
	several := 0
	for _, s := range scenarios {
		if s.both > 0 {
			several++
		}
		if s.both >= s.best && s.both > 0 {
			by := "as good"
			if more := 100 * (s.both/s.best - 1); more >= 0.5 {
				by = fmt.Sprintf("%.0f %% worse", more)
			}
			want = append(want, fmt.Sprintf("| %s | %s m | %s m | %s |", s.title, metres(s.both), metres(s.best), by))
		}
	}
	worse := len(want)
	for _, s := range scenarios {
		if outside(s.inside) || outside(s.all) {
			want = append(want, fmt.Sprintf("| %s | %s | %s |", s.title, s.inside, s.all))
		}
	}
	for _, reached := range []string{
		fmt.Sprintf("| in %d of %d scenarios |", several-worse, several),
		fmt.Sprintf("| in %d of %d scenarios |", len(scenarios)-len(want)+worse, len(scenarios)),
	} {
		if !strings.Contains(string(b), reached) {
			t.Errorf("%s does not say %s", page, reached)
		}
	}
	var got []string
	for line := range strings.Lines(section) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "|-") && !strings.HasPrefix(line, "| |") {
			got = append(got, line)
		}
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("%s says that these fall short:\n%s\nwhile its tables say that it is these:\n%s", page, g, w)
	}
}
