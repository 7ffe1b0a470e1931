package pcapfile

import (
	"fmt"
	"math"
	"strconv"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
)

// Options say at which pace a file is replayed. The zero value replays as fast
// as frames are taken.
type Options struct {
	Realtime bool    // as the frames' times are apart; wins over PPS
	PPS      float64 // frames per second; 0 is no limit
}

// minPPS is the slowest rate, a frame in 17 minutes.
const minPPS = 0.001

// ParseOptions reads realtime= and pps= of a source definition. What it cannot
// read is an error with the code fault.ConfigSource, where Kismet's tool would
// replay at full speed.
func ParseOptions(d capture.Definition) (Options, error) {
	var o Options
	if text, ok := d.Get("realtime"); ok && text != "" {
		if o.Realtime, ok = capture.ParseBool(text); !ok {
			return Options{}, optionFault(d.Interface, fmt.Errorf("option realtime: %.60q is neither true nor false", text),
				"write realtime=true to replay at the file's own pace")
		}
	}
	if text, ok := d.Get("pps"); ok && text != "" {
		pps, err := strconv.ParseFloat(text, 64)
		if err != nil {
			err = fmt.Errorf("%.60q is no number", text)
		} else {
			err = checkPPS(pps)
		}
		if err != nil {
			return Options{}, ppsFault(d.Interface, err)
		}
		o.PPS = pps
	}
	return o, nil
}

func checkPPS(pps float64) error {
	if pps == 0 {
		return nil
	}
	if math.IsInf(pps, 0) || math.IsNaN(pps) || pps < 0 {
		return fmt.Errorf("%v is no rate of frames", pps)
	}
	if pps < minPPS {
		return fmt.Errorf("%v frames per second are too few, %v is the slowest", pps, minPPS)
	}
	return nil
}

func ppsFault(path string, err error) error {
	return optionFault(path, fmt.Errorf("option pps: %w", err), "write pps=N with N frames per second, as in pps=100")
}

func optionFault(path string, err error, advice string) error {
	return &fault.Error{Code: fault.ConfigSource, Object: "source " + path, Err: err, Advice: advice}
}
