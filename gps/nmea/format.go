package nmea

import (
	"fmt"
	"math"
	"time"

	"github.com/sensord/sensord/gps"
)

// Append appends a sentence: $, body, *, its checksum, and the line's end.
func Append(b []byte, body string) []byte {
	sum := byte(0)
	for i := range len(body) {
		sum ^= body[i]
	}
	return fmt.Appendf(b, "$%s*%02X\r\n", body, sum)
}

// AppendGGA appends time, position, quality (1, or 0 without a fix), satellites,
// HDOP, altitude and the geoid's separation, which is AltHAE less AltMSL.
func AppendGGA(b []byte, talker string, f gps.Fix) []byte {
	quality := '0'
	if f.HasPosition() {
		quality = '1'
	}
	return Append(b, fmt.Sprintf("%sGGA,%s,%s,%c,%s,%s,%s,M,%s,M,,",
		talker, clock(f), position(f), quality, count(f), number(f.HDOP, 2),
		number(f.AltMSL, 2), number(f.AltHAE-f.AltMSL, 2)))
}

// AppendRMC appends time, status, position, speed, course and date.
func AppendRMC(b []byte, talker string, f gps.Fix) []byte {
	status, mode := validity(f)
	return Append(b, fmt.Sprintf("%sRMC,%s,%c,%s,%s,%s,%s,,,%c",
		talker, clock(f), status, position(f), number(f.SpeedMPS/mpsPerKnot, 3), number(f.CourseDeg, 2),
		calendar(f, "020106"), mode))
}

// AppendGLL appends position, time and status.
func AppendGLL(b []byte, talker string, f gps.Fix) []byte {
	status, mode := validity(f)
	return Append(b, fmt.Sprintf("%sGLL,%s,%s,%c,%c", talker, position(f), clock(f), status, mode))
}

// AppendGNS appends what GGA does, with a mode instead of the quality.
func AppendGNS(b []byte, talker string, f gps.Fix) []byte {
	_, mode := validity(f)
	return Append(b, fmt.Sprintf("%sGNS,%s,%s,%c,%s,%s,%s,%s,,",
		talker, clock(f), position(f), mode, count(f), number(f.HDOP, 2),
		number(f.AltMSL, 2), number(f.AltHAE-f.AltMSL, 2)))
}

// AppendVTG appends course and speed.
func AppendVTG(b []byte, talker string, f gps.Fix) []byte {
	_, mode := validity(f)
	return Append(b, fmt.Sprintf("%sVTG,%s,T,,M,%s,N,%s,K,%c",
		talker, number(f.CourseDeg, 2), number(f.SpeedMPS/mpsPerKnot, 3), number(f.SpeedMPS/mpsPerKMH, 3), mode))
}

// AppendZDA appends time and date; nothing but commas if they are unknown.
func AppendZDA(b []byte, talker string, f gps.Fix) []byte {
	date := calendar(f, "02,01,2006")
	if date == "" {
		date = ",,"
	}
	return Append(b, fmt.Sprintf("%sZDA,%s,%s,00,00", talker, clock(f), date))
}

// AppendGST appends AccuracyM and AltAccuracyM as the standard deviations that
// they stand for, the horizontal one as a circle.
func AppendGST(b []byte, talker string, f gps.Fix) []byte {
	axis := number(f.AccuracyM/gps.Radius95(1, 1), 3)
	return Append(b, fmt.Sprintf("%sGST,%s,,%s,%s,,%s,%s,%s",
		talker, clock(f), axis, axis, axis, axis, number(f.AltAccuracyM/sigma95, 3)))
}

// AppendGSA appends mode, HDOP, and the numbers of the satellites used, of which
// there is room for 12. PDOP and VDOP stay empty.
func AppendGSA(b []byte, talker string, f gps.Fix, used ...int) []byte {
	mode := max(f.Mode, gps.ModeNone)
	body := fmt.Appendf(nil, "%sGSA,A,%d", talker, mode)
	for i := range 12 {
		body = append(body, ',')
		if i < len(used) {
			body = fmt.Appendf(body, "%02d", used[i])
		}
	}
	return Append(b, fmt.Sprintf("%s,,%s,", body, number(f.HDOP, 2)))
}

// AppendGSV appends as many GSV as the satellites need, four in each; one that
// says that there are none if there are none.
func AppendGSV(b []byte, talker string, satellites []gps.Satellite) []byte {
	n := max(1, (len(satellites)+3)/4)
	for i := range n {
		body := fmt.Appendf(nil, "%sGSV,%d,%d,%02d", talker, n, i+1, len(satellites))
		for _, s := range satellites[4*i : min(4*i+4, len(satellites))] {
			body = fmt.Appendf(body, ",%02d,%s,%s,%s", s.ID, whole(s.Elevation, 2), whole(s.Azimuth, 3), whole(s.SNR, 2))
		}
		b = Append(b, string(body))
	}
	return b
}

// AppendTXT appends a text; kind is 0 for an error, 1 for a warning, 2 for
// something to know.
func AppendTXT(b []byte, talker string, kind int, text string) []byte {
	return Append(b, fmt.Sprintf("%sTXT,01,01,%02d,%s", talker, kind, text))
}

func validity(f gps.Fix) (status, mode rune) {
	if f.HasPosition() {
		return 'A', 'A'
	}
	return 'V', 'N'
}

func clock(f gps.Fix) string { return calendar(f, "150405.000") }

// calendar returns the fix's time rounded to a millisecond, "" if unknown.
func calendar(f gps.Fix, layout string) string {
	if f.TimeNs == 0 {
		return ""
	}
	return time.Unix(0, f.TimeNs).UTC().Round(time.Millisecond).Format(layout)
}

// position returns the four fields of latitude and longitude.
func position(f gps.Fix) string {
	if !f.HasPosition() || math.IsNaN(f.Lat) || math.IsNaN(f.Lon) {
		return ",,,"
	}
	return degreesMinutes(f.Lat, 2, "N", "S") + "," + degreesMinutes(math.Remainder(f.Lon, 360), 3, "E", "W")
}

// degreesMinutes rounds before it splits, so that 59.9999999 minutes become a
// degree.
func degreesMinutes(deg float64, width int, positive, negative string) string {
	const parts = 1e6 // of a minute: 2 mm
	side := positive
	if deg < 0 {
		side = negative
	}
	n := int64(math.Round(math.Abs(deg) * 60 * parts))
	const degree = 60 * parts
	return fmt.Sprintf("%0*d%02d.%06d,%s", width, n/degree, n%degree/parts, n%parts, side)
}

func number(v float64, decimals int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	return fmt.Sprintf("%.*f", decimals, v)
}

func whole(v float64, width int) string {
	if math.IsNaN(v) {
		return ""
	}
	return fmt.Sprintf("%0*.0f", width, v)
}

func count(f gps.Fix) string {
	if f.Satellites < 0 {
		return ""
	}
	return fmt.Sprintf("%02d", f.Satellites)
}
