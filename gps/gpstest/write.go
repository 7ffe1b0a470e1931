package gpstest

// A Chunk is bytes that arrive at one time.
type Chunk struct {
	AtNs  int64 // CLOCK_BOOTTIME
	Bytes []byte
}

// NMEA returns what a receiver of the drive sends over a serial line, one chunk
// for each epoch.
func (d *Drive) NMEA(receiver string) []Chunk { panic("not yet") }

// GPSD returns what gpsd would send for the named receivers, or all, to a client
// that watches: one chunk for each line.
func (d *Drive) GPSD(receivers ...string) []Chunk { panic("not yet") }
