package nmea_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/nmea"
)

// A tpv is what gpsd says of one epoch. What is absent is nil.
type tpv struct {
	Class                    string
	Mode                     gps.Mode
	Time                     time.Time
	Lat, Lon, AltMSL, AltHAE *float64
	Speed, Track             *float64
}

// gpsdReads plays a log through a real gpsd and returns its TPV reports with a
// fix, by their time; several of one time are in the order in which they came.
func gpsdReads(t *testing.T, file string) map[int64][]tpv {
	t.Helper()
	// gpsfake starts gpsd, which lies where only root looks.
	path := os.Getenv("PATH") + ":/usr/local/sbin:/usr/sbin:/sbin"
	t.Setenv("PATH", path)
	fake, err := exec.LookPath("gpsfake")
	if err != nil {
		t.Fatalf("%v: run make deps", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var stderr bytes.Buffer
	play := func() ([]byte, error) {
		stderr.Reset()
		cmd := exec.CommandContext(ctx, fake, "-1", "-p", "-q", "-s", "115200", file)
		cmd.Stderr = &stderr
		return cmd.Output()
	}
	out, err := play()
	// gpsfake does not wait until the gpsd that it starts listens.
	for again := 0; err != nil && again < 20 && strings.Contains(stderr.String(), "Connection refused"); again++ {
		out, err = play()
	}
	if err != nil {
		t.Fatalf("gpsfake %s: %v\n%s", file, err, stderr.Bytes())
	}
	reports := map[int64][]tpv{}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		r := tpv{}
		if len(lines.Bytes()) == 0 || lines.Bytes()[0] != '{' {
			continue // the log itself
		}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("%v of %q", err, lines.Text())
		}
		if r.Class == "TPV" && r.Mode >= gps.Mode2D && !r.Time.IsZero() {
			reports[r.Time.UnixNano()] = append(reports[r.Time.UnixNano()], r)
		}
	}
	if len(reports) == 0 {
		t.Fatalf("gpsd has no fixes of %s\n%s", file, stderr.Bytes())
	}
	return reports
}

// differences lists what a fix of ours and one of gpsd's disagree on. gpsd
// makes up speed and course where the receiver says none; we do not.
func differences(f gps.Fix, r tpv) []string {
	var out []string
	compare := func(name string, ours float64, theirs *float64, by float64) {
		if theirs != nil && (math.IsNaN(ours) || math.Abs(ours-*theirs) > by) {
			out = append(out, fmt.Sprintf("%s %v, gpsd's %v", name, ours, *theirs))
		}
	}
	if f.Mode != r.Mode {
		out = append(out, fmt.Sprintf("mode %d, gpsd's %d", f.Mode, r.Mode))
	}
	compare("latitude", f.Lat, r.Lat, 1e-9)
	compare("longitude", f.Lon, r.Lon, 1e-9)
	if f.Mode == gps.Mode3D {
		compare("altitude", f.AltMSL, r.AltMSL, 1e-4)
		compare("height", f.AltHAE, r.AltHAE, 1e-4)
	}
	if !math.IsNaN(f.SpeedMPS) {
		compare("speed", f.SpeedMPS, r.Speed, 6e-4)
	}
	if !math.IsNaN(f.CourseDeg) {
		compare("course", f.CourseDeg, r.Track, 6e-5)
	}
	return out
}

// TestFixesAreThoseOfGpsd compares each log fix by fix with what a real gpsd
// makes of the same bytes: at least 99 % of its fixes, and none that it has not.
func TestFixesAreThoseOfGpsd(t *testing.T) {
	files, err := filepath.Glob("testdata/logs/*.nmea")
	if err != nil || len(files) < 6 {
		t.Fatalf("logs %q: %v", files, err)
	}
	found, all := 0, 0
	for _, file := range files {
		in, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		events, _ := decode(nmea.Options{}, in)
		ours := map[int64]gps.Fix{}
		for _, f := range fixes(events) {
			if f.HasPosition() {
				ours[f.TimeNs] = f
			}
		}
		theirs := gpsdReads(t, file)
		equal := compareFixes(t, filepath.Base(file), ours, theirs)
		t.Logf("%s: %d of %d", file, equal, len(theirs))
		found, all = found+equal, all+len(theirs)
	}
	if float64(found) < 0.99*float64(all) {
		t.Errorf("%d of gpsd's %d fixes", found, all)
	}
}

// compareFixes returns how many of gpsd's fixes of a log we have.
func compareFixes(t *testing.T, log string, ours map[int64]gps.Fix, theirs map[int64][]tpv) int {
	t.Helper()
	equal := 0
	for ns, reports := range theirs {
		f, ok := ours[ns]
		if !ok {
			t.Logf("%s: gpsd alone has a fix at %v", log, reports[0].Time)
			continue
		}
		// gpsd may tell an epoch before it is whole, and again.
		var why []string
		for _, r := range reports {
			if why = differences(f, r); len(why) == 0 {
				equal++
				break
			}
		}
		if len(why) > 0 {
			t.Logf("%s: %v: %q", log, reports[0].Time, why)
		}
	}
	// gpsd learns the end of epochs from the first one, and does not tell one
	// that the log's end cuts off.
	times := slices.Sorted(maps.Keys(ours))
	for _, ns := range times[1 : len(times)-1] {
		if _, ok := theirs[ns]; !ok {
			t.Errorf("%s: invented %s", log, describe(ours[ns]))
		}
	}
	return equal
}
