package gpstest

import "math"

const (
	tick    = 0.02 // seconds between samples of the speed
	smoothS = 1.0  // feet move pedals over twice this
)

// A moment is when the plan has which speed.
type moment struct{ t, v float64 }

// plan drives the road on paper: as fast as limits, bends and halts allow,
// within what the paces accelerate and brake by.
func (r *road) plan() []moment {
	n := int(r.length/r.gridM) + 1
	v2 := make([]float64, n) // square of the speed
	accel, brake := make([]float64, n), make([]float64, n)
	c := curve{r: r}
	wave, phase := 25*r.pieces[0].pace.limit+1, r.between(0, 2*math.Pi)
	for i := range n {
		s := float64(i) * r.gridM
		k, p := c.at(s)
		v := p.pace.limit * (0.98 + 0.02*math.Sin(2*math.Pi*s/wave+phase))
		v2[i] = min(v*v, p.pace.lateral/math.Max(math.Abs(k), 1e-9))
		accel[i], brake[i] = p.pace.accel, p.pace.brake
	}
	dwell := map[int]float64{}
	for _, h := range r.halts {
		i := min(int(h.at/r.gridM), n-1)
		v2[i] = 0
		dwell[i] += h.seconds
	}
	for i := 1; i < n; i++ {
		v2[i] = min(v2[i], v2[i-1]+2*accel[i-1]*r.gridM)
	}
	for i := n - 2; i >= 0; i-- {
		v2[i] = min(v2[i], v2[i+1]+2*brake[i]*r.gridM)
	}
	moments := make([]moment, 0, n+len(dwell))
	var t float64
	for i := range n {
		v := math.Sqrt(v2[i])
		if i > 0 {
			t += 2 * r.gridM / (v + math.Sqrt(v2[i-1]))
		}
		moments = append(moments, moment{t, v})
		if d := dwell[i]; d > 0 {
			t += d
			moments = append(moments, moment{t, v})
		}
	}
	return moments
}

// speeds samples the plan each tick, for at most some seconds, and smooths it,
// so that accelerations come and go as a foot moves. Halts shorter than
// 2*smoothS do not come to rest.
func (r *road) speeds(seconds float64) []float64 {
	plan := r.plan()
	end := min(plan[len(plan)-1].t, seconds)
	v := make([]float64, int(end/tick)+1)
	next := 1
	for i := range v {
		t := float64(i) * tick
		for next < len(plan)-1 && plan[next].t < t {
			next++
		}
		a, b := plan[next-1], plan[next]
		share := 0.0
		if b.t > a.t {
			share = min(max((t-a.t)/(b.t-a.t), 0), 1)
		}
		v[i] = a.v + (b.v-a.v)*share
	}
	return smooth(smooth(v, int(smoothS/tick)), int(smoothS/tick))
}

// smooth is a moving mean of width samples.
func smooth(v []float64, width int) []float64 {
	at := func(i int) float64 { return v[min(max(i, 0), len(v)-1)] }
	out := make([]float64, len(v))
	half := width / 2
	var sum float64
	for i := -half; i <= half; i++ {
		sum += at(i)
	}
	for i := range out {
		out[i] = max(sum/float64(2*half+1), 0)
		if out[i] < 1e-9 {
			out[i] = 0 // what is left of the sum's rounding is standing still
		}
		sum += at(i+half+1) - at(i-half)
	}
	return out
}
