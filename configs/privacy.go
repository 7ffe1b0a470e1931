package configs

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v3"

	"github.com/sensord/sensord/gps"
)

const zoneForm = "write LAT,LON,RADIUS in degrees and metres, as in 52.5200,13.4050,200m"

// zoneDraft is what was written of a zone.
type zoneDraft struct {
	path                   string // as in privacy.zones[0]
	from                   Origin
	name, lat, lon, radius text
}

func (d *document) privacy(n *yaml.Node, path string, into *draft) {
	d.mapping(n, path, []field{{"zones", func(n *yaml.Node, path string) {
		d.list(n, path, func(_ int, entry *yaml.Node, path string) {
			z := zoneDraft{path: path, from: d.origin(entry)}
			d.mapping(entry, path, []field{
				{"name", d.scalar(&z.name)},
				{"lat", d.scalar(&z.lat)},
				{"lon", d.scalar(&z.lon)},
				{"radius", d.scalar(&z.radius)},
			})
			into.zones = append(into.zones, z)
		})
	}}})
}

// flagZones adds the command line's zones to the file's: what a file protects
// no flag gives away.
func (l *loader) flagZones(d *draft, f Flags) {
	for _, s := range f.Zones {
		from := fromFlag("--zone")
		z, err := splitZone(s, from)
		if err != nil {
			l.wrong(from, "", zoneForm, "%v", err)
			continue
		}
		z.path = "privacy.zones[" + strconv.Itoa(len(d.zones)) + "]"
		d.zones = append(d.zones, z)
	}
}

func splitZone(s string, from Origin) (zoneDraft, error) {
	parts := strings.Split(s, ",")
	if len(parts) != 3 {
		return zoneDraft{}, errors.New(quote(s) + " is no zone")
	}
	at := func(i int) text { return text{strings.TrimSpace(parts[i]), from} }
	if _, err := parseNumber(strings.TrimSpace(parts[2])); err == nil {
		parts[2] += "m" // as elsewhere on command lines
	}
	return zoneDraft{from: from, lat: at(0), lon: at(1), radius: at(2)}, nil
}

// privacy settles the zones. Settings do not show where they are, as people
// show settings to others.
func (l *loader) privacy(zones []zoneDraft) Privacy {
	var c Privacy
	for i := range zones {
		zd := &zones[i]
		z := l.zone(zd)
		z.Name = cmp.Or(zd.name.value, "zone "+strconv.Itoa(i+1))
		if slices.ContainsFunc(c.Zones, func(o gps.Zone) bool { return o.Name == z.Name }) {
			l.wrong(cmp.Or(zd.name.from, zd.from), zd.path+".name", "give it another", "another zone has the name %s", quote(z.Name))
		}
		c.Zones = append(c.Zones, z)
		l.settle("privacy.zones["+strconv.Itoa(i)+"]", z.Name+", "+formatLength(z.RadiusM)+" around a place not shown here", zd.from)
	}
	return c
}

// zonesHideAll refuses zones because of which nothing could ever be sent or
// written.
func (l *loader) zonesHideAll(c *Config, zones []zoneDraft) {
	told := func(p Problem) bool { return p.layer == layerFlag }
	if len(zones) == 0 || l.positions || l.blamed("gps", "privacy") || slices.ContainsFunc(l.errs, told) {
		return
	}
	at, g := zones[0], &c.GPS
	switch {
	case len(g.Receivers) == 0:
		l.wrong(at.from, "privacy.zones", "add a receiver (see `sensord help receivers`), or remove the zones",
			"nothing says where the sensor is, so that every frame may be from inside of them and none would be sent")
	case g.Fixed != nil && gps.Hidden(c.Privacy.Zones, *g.Fixed) && g.Alone():
		l.wrong(at.from, "privacy.zones", "remove the zones, or the fixed position", "the sensor always stands inside of one, so that no frame would be sent")
	case g.Fixed != nil && gps.Hidden(c.Privacy.Zones, *g.Fixed):
		l.warn(at.from, "privacy.zones", "", "the fixed position is inside of one: while no other receiver has a fix, no frame is sent")
	}
}

func (l *loader) zone(zd *zoneDraft) gps.Zone {
	return gps.Zone{
		Lat:     l.zoneDegrees(zd, zd.lat, "lat", "latitude", 90),
		Lon:     l.zoneDegrees(zd, zd.lon, "lon", "longitude", 180),
		RadiusM: l.zoneRadius(zd),
	}
}

func (l *loader) zoneDegrees(zd *zoneDraft, t text, key, word string, most float64) float64 {
	n, m := parseDegrees(t.value, word, most)
	switch {
	case !t.given():
		l.missingOfZone(zd, key, word, m.right)
	case m.made():
		l.wrong(t.from, zd.path+"."+key, m.right, "%s", m.what)
	}
	return n
}

func (l *loader) zoneRadius(zd *zoneDraft) float64 {
	const right = "write a length from 10m to 100km, as in 200m"
	t, path := zd.radius, zd.path+".radius"
	if !t.given() {
		l.missingOfZone(zd, "radius", "radius", right)
		return 0
	}
	n, err := parseLength(t.value)
	switch {
	case err != nil:
		l.wrong(t.from, path, right, "%v", err)
	case !(n >= gps.MinZoneRadiusM): // NaN is not
		l.wrong(t.from, path, right, "%s is too little to hide a place", quote(t.value))
	case n > gps.MaxZoneRadiusM || math.IsInf(n, 0):
		l.wrong(t.from, path, right, "%s is too much", quote(t.value))
	}
	return n
}

func (l *loader) missingOfZone(zd *zoneDraft, key, word, right string) {
	if !l.blamed(zd.path+"."+key) && !l.blamedAt(zd.path, key) {
		l.wrong(zd.from, zd.path, "add "+key+": "+strings.TrimPrefix(right, "write "), "the %s is missing", word)
	}
}
