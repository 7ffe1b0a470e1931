package nmea

import (
	"time"

	"github.com/sensord/sensord/gps"
)

// noDate is a date that is not known.
const noDate = int64(-1 << 40)

// dates says which day a time of day is of.
type dates struct {
	first int64 // the day to begin with, or noDate
	known bool
	last  int64 // UTC, ns, of the last fix whose date was known
}

func (d *dates) start(t time.Time) {
	d.first = noDate
	if !t.IsZero() {
		d.first = dayNumber(t.UTC().Year(), int(t.UTC().Month()), t.UTC().Day())
	}
}

// behind is how far the time of a fix may be behind the last one's: two
// receivers on one line, or a clock that was set. What is further back is of
// the next day.
const behind = int64(time.Hour)

// resolve returns UTC in ns of a time of day. date is what its own epoch says,
// or noDate.
func (d *dates) resolve(at, date int64) (int64, bool) {
	switch {
	case at == noTime:
		return 0, false
	case date != noDate:
		return d.explicit(at, date), true
	case d.known:
		t := d.last - d.last%day + at
		if t <= d.last-behind {
			t += day
		} else if t > d.last-behind+day {
			t -= day
		}
		return t, true
	case d.first != noDate:
		return d.first*day + at, true
	}
	return 0, false
}

// explicit puts date and time together. Some receivers set the date only some
// sentences into a day: the last one's counts for a minute more.
func (d *dates) explicit(at, date int64) int64 {
	const minute = int64(time.Minute)
	midnight := (date + 1) * day
	if d.known && at < minute && midnight-minute <= d.last && d.last < midnight+minute {
		return midnight + at
	}
	return midnight - day + at
}

// believe remembers the time of a fix.
func (d *dates) believe(t int64) { d.known, d.last = true, t }

// twoDigitDate reads ddmmyy. Years are those since GPS began, 1980 to 2079.
// What is no date is none: some receivers write -1 before they know it.
func twoDigitDate(s string) int64 {
	if len(s) != 6 || !digits(s) {
		return noDate
	}
	y := 2000 + two(s[4:])
	if y >= 2080 {
		y -= 100
	}
	return dayNumber(y, two(s[2:]), two(s))
}

// dayNumber returns the days since 1970, or noDate if there is no such date or
// it was before GPS.
func dayNumber(y, m, d int) int64 {
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if y < gps.FirstYear || y > gps.LastYear || t.Day() != d || int(t.Month()) != m {
		return noDate
	}
	return t.Unix() / (24 * 60 * 60)
}
