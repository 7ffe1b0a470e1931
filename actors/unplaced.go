package actors

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/fusion"
	"github.com/sensord/sensord/internal/fault"
)

// unplaced says why there is no position although a receiver has a fix, nil if
// none has.
func (g *GPSStatus) unplaced(track *gps.Track, nowNs int64, c configs.GPS) error {
	best, fixed, believed, why := math.NaN(), false, false, ""
	for i := range g.Receivers {
		r := &g.Receivers[i]
		if r.State != ReceiverFix {
			continue
		}
		fixed = true
		if !(r.Fix.AccuracyM >= best) {
			best = r.Fix.AccuracyM
		}
		if f, _ := g.Fused(r.Name); f.Accepted > 0 && f.State != fusion.StateRejected {
			believed = true
		} else {
			why = cmp.Or(why, f.Why)
		}
	}
	newest, has := track.Ends()
	age := time.Duration(nowNs - newest)
	e := &fault.Error{Code: fault.GPSSearching, Object: "gps"}
	switch {
	case !fixed:
		return nil
	case has && age <= c.Predict && best > c.LimitM:
		e.Err = fmt.Errorf("the best fix is good to %.0f m, and what is less certain than %g m counts as unknown (gps.limit)", best, c.LimitM)
		e.Advice = "wait for a better fix, or set gps: {limit: …} to what is good enough"
	case has && age <= c.Predict:
		e.Err = fmt.Errorf("what is made of the fixes is less certain than %g m (gps.limit)", c.LimitM)
	case has && believed:
		e.Code = fault.GPSStale
		e.Err = fmt.Errorf("the last fix that counts is %v old, and positions end %v behind it (gps.predict)", age.Round(time.Second/10), c.Predict)
		e.Advice = "have positions said more often, or set gps: {predict: …} to more than the time between them, up to 10s"
	default:
		e.Err, e.Advice = errors.New("fixes come, and are not believed"), "wait: fixes that agree are believed after a while; the log says what is wrong with each"
		if why != "" {
			e.Err = fmt.Errorf("%w: %s", e.Err, why)
		}
	}
	return e
}
