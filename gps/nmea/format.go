package nmea

import "github.com/sensord/sensord/gps"

// Append appends a sentence with body between $ and *, with checksum and line end.
func Append(b []byte, body string) []byte { panic("not built yet") }

// AppendGGA appends time, position, quality, satellites, HDOP and altitude of f.
func AppendGGA(b []byte, talker string, f gps.Fix) []byte { panic("not built yet") }

// AppendRMC appends time, position, speed, course and date of f.
func AppendRMC(b []byte, talker string, f gps.Fix) []byte { panic("not built yet") }

// AppendGLL appends position and time of f.
func AppendGLL(b []byte, talker string, f gps.Fix) []byte { panic("not built yet") }

// AppendGNS appends what GGA does, with a mode.
func AppendGNS(b []byte, talker string, f gps.Fix) []byte { panic("not built yet") }

// AppendVTG appends course and speed of f.
func AppendVTG(b []byte, talker string, f gps.Fix) []byte { panic("not built yet") }

// AppendZDA appends time and date of f.
func AppendZDA(b []byte, talker string, f gps.Fix) []byte { panic("not built yet") }

// AppendGST appends the error ellipse, a circle, that f's accuracies stand for.
func AppendGST(b []byte, talker string, f gps.Fix) []byte { panic("not built yet") }

// AppendGSA appends mode, used satellites and dilution of f.
func AppendGSA(b []byte, talker string, f gps.Fix, used ...int) []byte { panic("not built yet") }

// AppendGSV appends as many GSV sentences as the satellites need, four each.
func AppendGSV(b []byte, talker string, satellites []gps.Satellite) []byte { panic("not built yet") }
