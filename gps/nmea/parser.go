package nmea

import (
	"errors"
	"fmt"

	gonmea "github.com/adrianmo/go-nmea"
)

// newParser returns go-nmea's parser with our readers for the sentences that
// fixes are made of. go-nmea's own do not tell an empty field from a zero,
// want fields that older receivers do not send, take minutes of 60 and more,
// refuse quality 9, and are missing for GST, GBS and PUBX,00.
func newParser() gonmea.SentenceParser {
	return gonmea.SentenceParser{
		CustomParsers: map[string]gonmea.ParserFunc{
			"RMC": parseRMC, "GGA": parseGGA, "GNS": parseGNS, "GLL": parseGLL, "UBX": parsePUBX,
			"VTG": parseVTG, "GSA": parseGSA, "GST": parseGST, "GBS": parseGBS, "ZDA": parseZDA,
			"GSV": parseGSV, "DTM": parseDTM,
			// Quectel's PQGSA and PQGSV look like proprietary sentences.
			"QGSA": parseGSA, "QGSV": parseGSV,
		},
		CheckCRC:       func(gonmea.BaseSentence, string) error { return nil }, // line did
		OnBaseSentence: refuseUnknown,
	}
}

// errUnknown says that a sentence is of a kind that is not read.
var errUnknown = errors.New("a sentence that says nothing of where the receiver is")

func isUnknown(err error) bool { return errors.Is(err, errUnknown) }

// refuseUnknown keeps go-nmea from reading what nobody asks for.
func refuseUnknown(s *gonmea.BaseSentence) error {
	if s.Raw[0] != '$' {
		return errUnknown
	}
	switch s.Type {
	case "RMC", "GGA", "GNS", "GLL", "VTG", "GSA", "GST", "GBS", "ZDA", "GSV", "TXT", "DTM":
		if len(s.Talker) == 2 {
			return nil
		}
	case "QGSA", "QGSV":
		if s.Talker == "P" {
			return nil
		}
	case "UBX":
		if s.Talker == "P" && len(s.Fields) > 0 && s.Fields[0] == "00" {
			return nil
		}
	}
	return errUnknown
}

// parse reads one sentence. go-nmea v1.10.0 panics on some, as a TXT of fewer
// than three fields; that is an error like another here.
func (d *Decoder) parse(text string) (s gonmea.Sentence, err error) {
	defer func() {
		if r := recover(); r != nil {
			s, err = nil, fmt.Errorf("go-nmea: %v", r)
		}
	}()
	return d.parser.Parse(text)
}
