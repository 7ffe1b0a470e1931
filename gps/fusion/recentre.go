package fusion

import "github.com/sensord/sensord/gps"

// recentre moves the plane to where the sensor is. What is known turns with the
// axes; its covariance knows no direction.
func (f *Filter) recentre() {
	old, newest := f.plane, f.nodes[len(f.nodes)-1]
	o := [2]float64{newest.e.x[0][rowPos], newest.e.x[1][rowPos]}
	lat, lon := old.Ground(o[0], o[1])
	f.plane = gps.NewPlane(gps.LLA{Lat: lat, Lon: lon})
	ee, en := old.VelFromENU(lat, lon, gps.ENU{E: 1})
	ne, nn := old.VelFromENU(lat, lon, gps.ENU{N: 1})
	turn := func(x, y *float64) { *x, *y = ee**x+ne**y, en**x+nn**y }
	move := func(p *[2]float64) {
		p[0], p[1] = p[0]-o[0], p[1]-o[1]
		turn(&p[0], &p[1])
	}
	for _, r := range f.receivers {
		r.doppler.stop()
	}
	for _, n := range f.nodes {
		move(&n.m.pos)
		move(&n.said.pos)
		turn(&n.m.vel[0], &n.m.vel[1])
		n.e.x[0][rowPos] -= o[0]
		n.e.x[1][rowPos] -= o[1]
		for i := range n.e.n {
			turn(&n.e.x[0][i], &n.e.x[1][i])
		}
		turn(&n.fix.nu[0], &n.fix.nu[1])
		for i := range n.n {
			turn(&n.moves[i].nu[0], &n.moves[i].nu[1])
		}
	}
}
