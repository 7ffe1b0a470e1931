package nmea

import (
	"math"
	"strings"

	gonmea "github.com/adrianmo/go-nmea"

	"github.com/sensord/sensord/gps"
)

// kind is what a sentence is to an epoch.
type kind uint8

const (
	kindRMC kind = iota
	kindGGA
	kindGNS
	kindGLL
	kindPUBX
	kindVTG
	kindGSA
	kindGST
	kindGBS
	kindZDA
	kinds = iota
)

// opens reports whether an epoch begins with a sentence of this kind.
func (k kind) opens() bool { return k <= kindPUBX }

// claim is what a sentence says of its position.
type claim uint8

const (
	silent  claim = iota
	denied        // it does not count
	vouched       // it counts
)

// how says what a vouched position is when it is not simply measured.
type how byte

const (
	measured  how = 0
	estimated how = 'E' // by dead reckoning
	manual    how = 'M' // given by hand
	simulated how = 'S'
)

// A report is what one sentence says of an epoch.
type report struct {
	gonmea.BaseSentence
	name string // "GNRMC"
	kind kind
	at   int64 // time of day in ns, or noTime
	date int64 // days since 1970, or noDate

	claim   claim
	few     bool // the claim is of fewer satellites than a position needs
	how     how
	quality byte // GGA's, 0 if unknown

	lat, lon    float64
	places      int // decimals of a minute
	altMSL      float64
	altHAE      float64
	speedMPS    float64
	courseDeg   float64
	climbMPS    float64
	hdop, vdop  float64
	satellites  int // used, -1 if unknown
	mode        gps.Mode
	used        []satelliteID
	horizontalM error2D
	verticalM   float64 // standard deviation
}

// error2D is a horizontal error as standard deviations along two axes at right
// angles.
type error2D struct {
	a, b   float64
	origin gps.AccuracyOrigin
}

func newReport(s gonmea.BaseSentence, k kind) *report {
	nan := math.NaN()
	return &report{
		BaseSentence: s, name: s.Prefix(), kind: k, at: noTime, date: noDate,
		lat: nan, lon: nan, altMSL: nan, altHAE: nan, speedMPS: nan, courseDeg: nan, climbMPS: nan,
		hdop: nan, vdop: nan, satellites: -1, horizontalM: error2D{a: nan, b: nan}, verticalM: nan,
	}
}

const (
	mpsPerKnot = 1852.0 / 3600 // the international nautical mile, exactly
	mpsPerKMH  = 1 / gps.KMHPerMPS
)

// What numbers may be. Higher is nobody who carries this; further out is what a
// bit error makes.
const (
	maxAltM = 100e3
	minAltM = -15e3
	maxSepM = 200 // the geoid is within -107 and +86 m of the ellipsoid
	maxMPS  = 2e3
)

func (r *reader) speed(i int, unit float64) float64 { return r.number(i, 0, maxMPS/unit) * unit }

// course returns field i in degrees from 0 to below 360.
func (r *reader) course(i int) float64 { return math.Mod(r.number(i, 0, 360), 360) }

// altitude returns field i, unless the field behind it says that it is not in
// metres.
func (r *reader) altitude(i int) float64 {
	v := r.number(i, minAltM, maxAltM)
	if u := r.text(i + 1); u != "" && u != "M" && u != "m" {
		return math.NaN()
	}
	return v
}

// faa takes a mode of NMEA 2.3 and later into account.
func (p *report) faa(c byte) {
	switch c {
	case 'N':
		p.claim = denied
	case 'E', 'M', 'S':
		p.how = how(c)
	}
}

// $--RMC,hhmmss.ss,A,ddmm.mm,N,dddmm.mm,E,knots,course,ddmmyy,var,E,mode,nav.
func parseRMC(s gonmea.BaseSentence) (gonmea.Sentence, error) {
	r, p := &reader{fields: s.Fields}, newReport(s, kindRMC)
	p.at = r.timeOfDay(0)
	p.date = twoDigitDate(r.text(8))
	p.claim = denied
	if c := r.char(1); c == 'A' || c == 'D' {
		p.claim = vouched
	}
	if p.faa(r.char(11)); p.claim == denied {
		return p, r.err
	}
	p.lat, p.lon, p.places = r.position(2)
	p.speedMPS = r.speed(6, mpsPerKnot)
	p.courseDeg = r.course(7)
	return p, r.err
}

// $--GGA,hhmmss.ss,ddmm.mm,N,dddmm.mm,E,quality,satellites,hdop,alt,M,sep,M,….
func parseGGA(s gonmea.BaseSentence) (gonmea.Sentence, error) {
	r, p := &reader{fields: s.Fields}, newReport(s, kindGGA)
	p.at = r.timeOfDay(0)
	p.satellites = r.count(6)
	switch q := r.text(5); q {
	case "":
		return p, r.err
	case "0":
		p.claim = denied
		return p, r.err
	case "1", "2", "3", "4", "5", "9":
		p.claim, p.quality = vouched, q[0]
		p.few = p.satellites >= 0 && p.satellites < 3 && allSystems(s.Talker)
	case "6":
		p.claim, p.how = vouched, estimated
	case "7":
		p.claim, p.how = vouched, manual
	case "8":
		p.claim, p.how = vouched, simulated
	default:
		r.fail(errRange)
	}
	p.lat, p.lon, p.places = r.position(1)
	p.hdop = r.dilution(7)
	p.height(r.altitude(8), r.number(10, -maxSepM, maxSepM))
	return p, r.err
}

// allSystems reports whether a talker speaks of everything the receiver has,
// and not of one system while another sentence speaks of the next.
func allSystems(talker string) bool { return talker == "GP" || talker == "GN" }

// height takes an altitude above mean sea level and what the geoid is above the
// ellipsoid there; without the latter there is no height above the ellipsoid.
func (p *report) height(altMSL, separation float64) {
	p.altMSL, p.altHAE = altMSL, altMSL+separation
}

// $--GNS,hhmmss.ss,ddmm.mm,N,dddmm.mm,E,modes,satellites,hdop,alt,sep,…,nav
//
// There is one mode per system, N where it has no fix. Where several systems
// make one position, GNGNS has it, and the GPGNS, GLGNS and so on behind it only
// say how many satellites of theirs are in it: an empty mode says nothing of the
// position. The status at the end is not obeyed: most receivers say there that
// they have none ("V").
func parseGNS(s gonmea.BaseSentence) (gonmea.Sentence, error) {
	r, p := &reader{fields: s.Fields}, newReport(s, kindGNS)
	p.at = r.timeOfDay(0)
	p.satellites = r.count(6)
	modes := r.text(5)
	switch {
	case strings.ContainsAny(modes, "ADFPR"):
		p.claim = vouched
	case strings.ContainsAny(modes, "EMS"):
		p.claim, p.how = vouched, how(modes[strings.IndexAny(modes, "EMS")])
	case modes != "" && strings.Trim(modes, "N") == "":
		p.claim = denied
		return p, r.err
	default:
		return p, r.err
	}
	p.lat, p.lon, p.places = r.position(1)
	p.hdop = r.dilution(7)
	p.height(r.number(8, minAltM, maxAltM), r.number(9, -maxSepM, maxSepM))
	return p, r.err
}

// $--GLL,ddmm.mm,N,dddmm.mm,E,hhmmss.ss,A,mode.
func parseGLL(s gonmea.BaseSentence) (gonmea.Sentence, error) {
	r, p := &reader{fields: s.Fields}, newReport(s, kindGLL)
	p.at = r.timeOfDay(4)
	if len(s.Fields) < 6 { // NMEA 1.5 has no status
		return p, r.err
	}
	p.claim = denied
	if r.char(5) == 'A' {
		p.claim = vouched
	}
	if p.faa(r.char(6)); p.claim == denied {
		return p, r.err
	}
	p.lat, p.lon, p.places = r.position(0)
	return p, r.err
}

// OriginPUBX is the origin of an accuracy from u-blox's PUBX,00.
const OriginPUBX gps.AccuracyOrigin = "pubx"

// OriginGBS is the origin of an accuracy from the expected errors in GBS.
const OriginGBS gps.AccuracyOrigin = "gbs"

// $PUBX,00,hhmmss.ss,ddmm.mm,N,dddmm.mm,E,heightEllipsoid,status,hAcc,vAcc,
// km/h,course,down m/s,age,hdop,vdop,tdop,satellites,…: u-blox's protocol
// specification. hAcc is one standard deviation of the distance, so that of
// each axis is less by the root of two.
func parsePUBX(s gonmea.BaseSentence) (gonmea.Sentence, error) {
	r, p := &reader{fields: s.Fields}, newReport(s, kindPUBX)
	p.name = "PUBX,00"
	p.at = r.timeOfDay(1)
	p.satellites = r.count(17)
	p.claim = denied
	switch r.text(7) {
	case "G2", "D2":
		p.claim, p.mode = vouched, gps.Mode2D
	case "G3", "D3", "RK":
		p.claim, p.mode = vouched, gps.Mode3D
	case "DR":
		p.claim, p.how = vouched, estimated
	default:
		return p, r.err
	}
	p.lat, p.lon, p.places = r.position(2)
	p.altHAE = r.number(6, minAltM, maxAltM)
	axis := r.sigma(8) / math.Sqrt2
	p.horizontalM = error2D{axis, axis, OriginPUBX}
	p.verticalM = r.sigma(9)
	p.speedMPS = r.speed(10, mpsPerKMH)
	p.courseDeg = r.course(11)
	p.climbMPS = -r.number(12, -maxMPS, maxMPS)
	p.hdop = r.dilution(14)
	p.vdop = r.dilution(15)
	return p, r.err
}
