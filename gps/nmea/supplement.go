package nmea

import (
	"math"
	"strconv"

	gonmea "github.com/adrianmo/go-nmea"

	"github.com/sensord/sensord/gps"
)

// $--VTG,course,T,magnetic,M,knots,N,km/h,K,mode. The form of NMEA 1.5, without
// letters, is not taken: nothing in it says what is what.
func parseVTG(s gonmea.BaseSentence) (gonmea.Sentence, error) {
	r, p := &reader{fields: s.Fields}, newReport(s, kindVTG)
	for i, unit := range map[int]string{1: "T", 5: "N", 7: "K"} {
		if u := r.text(i); u != "" && u != unit {
			return p, errForm
		}
	}
	if r.char(8) == 'N' {
		return p, r.err
	}
	p.courseDeg = r.course(0)
	p.speedMPS = r.speed(4, mpsPerKnot)
	if kmh := r.speed(6, mpsPerKMH); math.IsNaN(p.speedMPS) {
		p.speedMPS = kmh
	}
	return p, r.err
}

// $--GSA,A,mode,12 satellites,pdop,hdop,vdop,system of NMEA 4.1.
func parseGSA(s gonmea.BaseSentence) (gonmea.Sentence, error) {
	r, p := &reader{fields: s.Fields}, newReport(s, kindGSA)
	switch r.text(1) {
	case "1":
		p.mode = gps.ModeNone
	case "2":
		p.mode = gps.Mode2D
	case "3":
		p.mode = gps.Mode3D
	}
	end, system := 14, byte(0)
	switch n := len(s.Fields); {
	case n == 18:
		system = r.char(17)
		fallthrough
	case n == 17:
		p.hdop, p.vdop = r.dilution(15), r.dilution(16)
	case n > 18: // the CH-4701 has room for 24 satellites
		end = n - 3
	default: // some cut it short without a fix
		end = n
	}
	p.satellites = 0
	for i := 2; i < end; i++ {
		if id, err := strconv.Atoi(r.text(i)); err == nil && id > 0 {
			p.used = append(p.used, identify(s, system, id))
			p.satellites++
		}
	}
	return p, r.err
}

// $--GST,hhmmss.ss,rms,major,minor,orientation,latitude,longitude,altitude:
// standard deviations in metres.
func parseGST(s gonmea.BaseSentence) (gonmea.Sentence, error) {
	r, p := &reader{fields: s.Fields}, newReport(s, kindGST)
	p.at = r.timeOfDay(0)
	p.horizontalM = error2D{r.sigma(2), r.sigma(3), gps.OriginGST}
	if !p.horizontalM.known() {
		// Along latitude and longitude the errors may hang together, which
		// nobody says here: the circle is that of the worse.
		worse := math.Max(r.sigma(5), r.sigma(6))
		p.horizontalM = error2D{worse, worse, gps.OriginGST}
	}
	p.verticalM = r.sigma(7)
	return p, r.err
}

// $--GBS,hhmmss.ss,latitude,longitude,altitude,…: expected errors in metres,
// one standard deviation.
func parseGBS(s gonmea.BaseSentence) (gonmea.Sentence, error) {
	r, p := &reader{fields: s.Fields}, newReport(s, kindGBS)
	p.at = r.timeOfDay(0)
	p.horizontalM = error2D{r.sigma(1), r.sigma(2), OriginGBS}
	p.verticalM = r.sigma(3)
	return p, r.err
}

// $--ZDA,hhmmss.ss,day,month,year,….
func parseZDA(s gonmea.BaseSentence) (gonmea.Sentence, error) {
	r, p := &reader{fields: s.Fields}, newReport(s, kindZDA)
	p.at = r.timeOfDay(0)
	d, m, y := r.count(1), r.count(2), r.number(3, 0, 9999)
	if !math.IsNaN(y) {
		p.date = dayNumber(int(y), m, d)
	}
	return p, r.err
}

// A datum is what positions refer to, as DTM says it.
type datum struct {
	gonmea.BaseSentence
	code string
}

// $--DTM,code,….
func parseDTM(s gonmea.BaseSentence) (gonmea.Sentence, error) {
	r := &reader{fields: s.Fields}
	return datum{BaseSentence: s, code: r.text(0)}, nil
}

func (e error2D) known() bool { return !math.IsNaN(e.a) && !math.IsNaN(e.b) }
