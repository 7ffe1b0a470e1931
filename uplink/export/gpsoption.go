package export

import (
	"encoding/binary"
	"math"

	"github.com/sensord/sensord/gps"
)

// Kismet's GPS option of an enhanced packet block: a custom binary option of
// its Private Enterprise Number. Behind magic, version, length and the fields
// that are present come those fields in the order of their bits, 4 bytes each,
// in the byte order of the file. Source: https://www.kismetwireless.net/docs/dev/pcapng_gps/
const (
	kismetPEN       = 55922
	optCustomBinary = 2989

	gpsMagic   = 0x47
	gpsVersion = 1
	gpsHead    = 8 // bytes of magic, version, length and fields

	gpsFlags      = 0x1 // PPI's, which Kismet does not have
	gpsLon        = 0x2
	gpsLat        = 0x4
	gpsAlt        = 0x8
	gpsAltGround  = 0x10
	gpsTime       = 0x20 // s since 1970
	gpsTimeNs     = 0x40 // and ns
	gpsErrorHoriz = 0x80 // EPH

	// gpsOptionBytes is the longest option of ours, with its own head and the number.
	gpsOptionBytes = 4 + 4 + gpsHead + 6*4
)

// The numbers are fixed-point, moved into the positive: 3.7 for degrees, 6.4 for
// metres.
const (
	degreeUnit, degreeBias = 1e7, 180
	metreUnit, metreBias   = 1e4, 180_000
	maxFixed               = 3_600_000_000 // of both
)

// appendGPSOption adds the option that says where, and when: a fixed position
// has no time. It adds nothing where there is no place on Earth. The accuracy is
// our 95 % radius.
func appendGPSOption(buf []byte, p *gps.Position, timeNs int64) []byte {
	if !(p.Lat >= -90 && p.Lat <= 90 && p.Lon >= -180 && p.Lon <= 180) {
		return buf
	}
	start := len(buf)
	le := binary.LittleEndian
	buf = le.AppendUint16(buf, optCustomBinary)
	buf = le.AppendUint16(buf, 0)
	buf = le.AppendUint32(buf, kismetPEN)
	buf = append(buf, gpsMagic, gpsVersion, 0, 0, 0, 0, 0, 0)
	fields := uint32(gpsLon | gpsLat)
	buf = le.AppendUint32(buf, toFixed(p.Lon, degreeUnit, degreeBias))
	buf = le.AppendUint32(buf, toFixed(p.Lat, degreeUnit, degreeBias))
	if p.AltMSL >= -metreBias && p.AltMSL <= metreBias {
		fields |= gpsAlt
		buf = le.AppendUint32(buf, toFixed(p.AltMSL, metreUnit, metreBias))
	}
	if sec := timeNs / 1e9; p.Kind != gps.FixedKind && timeNs > 0 && sec <= math.MaxUint32 {
		fields |= gpsTime | gpsTimeNs
		buf = le.AppendUint32(buf, uint32(sec))
		buf = le.AppendUint32(buf, uint32(timeNs%1e9))
	}
	if p.AccuracyM >= 0 && p.AccuracyM <= metreBias {
		fields |= gpsErrorHoriz
		buf = le.AppendUint32(buf, toFixed(p.AccuracyM, metreUnit, metreBias))
	}
	option := buf[start:]
	le.PutUint16(option[2:], uint16(len(option)-4))
	le.PutUint16(option[10:], uint16(len(option)-8-gpsHead))
	le.PutUint32(option[12:], fields)
	return buf
}

func toFixed(x, unit, bias float64) uint32 { return uint32(math.Round((x + bias) * unit)) }

// ReceiverName is the receiver's name of positions that were read from a file.
const ReceiverName = "file"

// readGPSOption reads what appendGPSOption and Kismet write, without the number
// in front. It reports false where that is no position.
func readGPSOption(b []byte, bigEndian bool) (p gps.Position, ok bool) {
	order := binary.ByteOrder(binary.LittleEndian)
	if bigEndian {
		order = binary.BigEndian
	}
	if len(b) < gpsHead || b[0] != gpsMagic || b[1] != gpsVersion {
		return p, false
	}
	length, fields := int(order.Uint16(b[2:])), order.Uint32(b[4:])
	b = b[gpsHead:]
	b = b[:min(length, len(b))]
	nan := math.NaN()
	p = gps.Position{
		Lat: nan, Lon: nan, AltMSL: nan, SpeedMPS: nan, Heading: nan, AccuracyM: nan,
		Kind: gps.FixedKind, Receiver: ReceiverName,
	}
	for bit := uint32(gpsFlags); bit <= gpsErrorHoriz; bit <<= 1 {
		if fields&bit == 0 {
			continue
		}
		if len(b) < 4 {
			break
		}
		v := order.Uint32(b)
		b = b[4:]
		switch bit {
		case gpsLon:
			p.Lon = ofFixed(v, degreeUnit, degreeBias)
		case gpsLat:
			p.Lat = ofFixed(v, degreeUnit, degreeBias)
		case gpsAlt:
			p.AltMSL = ofFixed(v, metreUnit, metreBias)
		case gpsTime:
			p.Kind = gps.Kind
		case gpsErrorHoriz:
			if p.AccuracyM = ofFixed(v, metreUnit, metreBias); p.AccuracyM < 0 {
				p.AccuracyM = nan
			}
		}
	}
	return p, p.Lat >= -90 && p.Lat <= 90 && p.Lon >= -180 && p.Lon <= 180
}

func ofFixed(v uint32, unit, bias float64) float64 {
	if v > maxFixed {
		return math.NaN()
	}
	return float64(int64(v)-int64(bias*unit)) / unit
}
