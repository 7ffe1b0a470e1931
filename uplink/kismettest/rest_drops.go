package kismettest

import (
	"net/http"
	"time"
)

// dropRecord is what was dropped in each second of the last minute: Kismet's
// kis_tracked_rrd.
type dropRecord struct {
	last   int64 // second of the newest entry
	minute [60]int
}

// advance forgets what is older than a minute at a time.
func (d *dropRecord) advance(sec int64) {
	for s := max(d.last+1, sec-59); s <= sec; s++ {
		d.minute[s%60] = 0
	}
	d.last = max(d.last, sec)
}

// AddDrops makes the server say that it dropped so many frames just now, for
// want of time to process what it had read.
func (s *Server) AddDrops(frames int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now().Unix()
	s.drops.advance(now)
	s.drops.minute[now%60] += frames
}

func (s *Server) serveDrops(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	now := time.Now().Unix()
	s.drops.advance(now)
	minute, newest := s.drops.minute, s.drops.minute[now%60]
	before := s.drops.minute[(now+59)%60]
	s.mu.Unlock()
	sum := 0
	for _, n := range minute {
		sum += n
	}
	writeJSON(w, object{
		"kismet.common.rrd.last_time":     now,
		"kismet.common.rrd.serial_time":   now,
		"kismet.common.rrd.last_value":    newest,
		"kismet.common.rrd.last_value_n1": before,
		"kismet.common.rrd.minute_vec":    minute,
		"kismet.common.rrd.hour_vec":      hourOf(now, sum),
		"kismet.common.rrd.day_vec":       make([]int, 24),
		"kismet.common.rrd.blank_val":     0,
	})
}

// hourOf is the past hour by minutes, of which only the present one is kept.
func hourOf(now int64, sum int) []int {
	hour := make([]int, 60)
	hour[now/60%60] = sum
	return hour
}
