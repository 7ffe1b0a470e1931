package meta

// An Update is a position as somebody posted it. Numbers that were not given
// are NaN.
type Update struct {
	TimeNs    int64   // UTC of the measurement, ns since 1970; 0 if not given
	Lat, Lon  float64 // degrees, WGS 84
	AltMSL    float64 // metres above mean sea level
	SpeedMPS  float64 // over ground
	CourseDeg float64 // of movement, clockwise from true north
	AccuracyM float64 // 95 % horizontal radius
}

// ParseUpdate reads the body of an update as Kismet's clients send it.
func ParseUpdate(body []byte, contentType string) (Update, error) { panic("meta: not built yet") }
