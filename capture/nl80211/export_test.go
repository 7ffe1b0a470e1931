package nl80211

import "github.com/mdlayher/genetlink"

// Message is a reply.
type Message = genetlink.Message

// The decoders, for fuzzing.
func DecodePhys(messages []Message) ([]Phy, error)     { return decodePhys(messages) }
func DecodeInterface(m Message) (Interface, error)     { return decodeInterface(m) }
func DecodeRegulatory(data []byte) (Regulatory, error) { return decodeRegulatory(data) }
func DecodeSurvey(m Message) (Survey, error)           { return decodeSurvey(m) }
func DecodeEvent(m Message) (e Event, ok bool)         { return decodeEvent(m) }
