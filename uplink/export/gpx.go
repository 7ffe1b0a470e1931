package export

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/frames"
)

// A GPX writes where frames were heard as a GPX 1.1 track: at most one point per
// second, a new segment behind a gap of more than a minute. Frames may come in
// any order, as those of several sources do: the track is written by Close, and
// until then a day of driving takes 6 MiB.
type GPX struct {
	w      io.Writer
	name   string
	points map[int64]point // by second since 1970
}

type point struct {
	timeNs                  int64
	lat, lon, alt, accuracy float64 // alt and accuracy may be NaN
}

// gpxGap is the gap behind which a new segment begins.
const gpxGap = time.Minute

// NewGPX returns a writer of w, which the caller closes. The name is the
// track's, "" has none.
func NewGPX(w io.Writer, name string) *GPX {
	return &GPX{w: w, name: name, points: map[int64]point{}}
}

// Add takes note of where a frame was heard, if that is known: the first frame
// of each second counts.
func (g *GPX) Add(f *frames.Located) {
	if f.HasPosition {
		g.AddPosition(f.TimeNs, f.Position)
	}
}

// AddPosition is Add for a position without a frame. The time is UTC in ns
// since 1970; what is not on Earth is left out.
func (g *GPX) AddPosition(timeNs int64, p gps.Position) {
	second := timeNs / 1e9
	if old, ok := g.points[second]; ok && old.timeNs <= timeNs {
		return
	}
	if !(p.Lat >= -90 && p.Lat <= 90 && p.Lon >= -180 && p.Lon <= 180) || timeNs <= 0 {
		return
	}
	g.points[second] = point{timeNs: timeNs, lat: p.Lat, lon: p.Lon, alt: p.AltMSL, accuracy: p.AccuracyM}
}

// Points returns how many points the track has.
func (g *GPX) Points() int { return len(g.points) }

// gpxSpace is the namespace of what GPX has no element for.
const gpxSpace = "https://github.com/sensord/sensord/gpx/1"

// Close writes the track. It does not close the writer below.
func (g *GPX) Close() error {
	w := bufio.NewWriter(g.w) // which keeps the first error for Flush
	_, _ = fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"+
		"<gpx version=\"1.1\" creator=\"sensord\" xmlns=\"http://www.topografix.com/GPX/1/1\" xmlns:sensord=\"%s\">\n<trk>\n", gpxSpace)
	if g.name != "" {
		_, _ = fmt.Fprintf(w, "<name>%s</name>\n", escape(g.name))
	}
	points := make([]point, 0, len(g.points))
	for _, p := range g.points {
		points = append(points, p)
	}
	slices.SortFunc(points, func(a, b point) int { return int(min(1, max(-1, a.timeNs-b.timeNs))) })
	for i := range points {
		if i > 0 && points[i].timeNs-points[i-1].timeNs > int64(gpxGap) {
			_, _ = fmt.Fprint(w, "</trkseg>\n<trkseg>\n")
		} else if i == 0 {
			_, _ = fmt.Fprint(w, "<trkseg>\n")
		}
		writePoint(w, &points[i])
	}
	if len(points) > 0 {
		_, _ = fmt.Fprint(w, "</trkseg>\n")
	}
	_, _ = fmt.Fprint(w, "</trk>\n</gpx>\n")
	return w.Flush()
}

// writePoint writes the elements in the order that GPX's schema wants.
func writePoint(w *bufio.Writer, p *point) {
	_, _ = fmt.Fprintf(w, "<trkpt lat=%q lon=%q>", number(p.lat, 8), number(p.lon, 8))
	fix := "2d"
	if !math.IsNaN(p.alt) && !math.IsInf(p.alt, 0) {
		fix = "3d"
		_, _ = fmt.Fprintf(w, "<ele>%s</ele>", number(p.alt, 2))
	}
	at := time.Unix(0, p.timeNs).UTC().Format("2006-01-02T15:04:05.000Z")
	_, _ = fmt.Fprintf(w, "<time>%s</time><fix>%s</fix>", at, fix)
	if p.accuracy >= 0 && p.accuracy < math.MaxFloat32 {
		_, _ = fmt.Fprintf(w, "<extensions><sensord:accuracy>%s</sensord:accuracy></extensions>", number(p.accuracy, 2))
	}
	_, _ = fmt.Fprint(w, "</trkpt>\n")
}

func number(x float64, digits int) string { return strconv.FormatFloat(x, 'f', digits, 64) }

// escape makes text safe between XML tags. What XML has no way to say is "?".
func escape(text string) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0xfffe || r == 0xffff {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(clean)
}
