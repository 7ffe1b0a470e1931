package kismet

// Version is a generation of Kismet's wire protocol.
type Version uint8

// There is no generation 1 on the wire.
const (
	V0 Version = 0 // protobuf inside a protobuf envelope; only ever sent by 2023 servers, before the source is open
	V2 Version = 2 // protobuf, named commands; servers up to 2025-01
	V3 Version = 3 // msgpack maps with integer keys; servers since 2025-02
)

// MaxFrame is the longest Kismet frame, header included, that every server
// takes.
const MaxFrame = 16383

// A Message is one message of a datasource session, the same value for every
// protocol generation. The types below are all there are; Unknown stands for
// what a peer sent and we have no use for.
type Message interface{ message() }

// Ping asks the peer for a Pong. Both sides send it.
type Ping struct{}

// Pong answers a Ping. In v3 a server echoes only the low 16 bits.
type Pong struct {
	Seq uint32 // the Ping's sequence number
}

// NewSource announces a datasource, sensor to server.
type NewSource struct {
	Definition string
	Type       string // "linuxwifi", "pcapfile"
	UUID       string
}

// OpenSource asks the sensor to open the source it announced. The definition
// is the server's regeneration, without quotes: informational.
type OpenSource struct {
	Definition string
}

// OpenReport answers an OpenSource. Empty fields are not sent. A v2 server gets
// the text as a message of severity Info, or Error if the report is not OK.
type OpenReport struct {
	Seq              uint32 // sequence number of the OpenSource
	OK               bool
	LinkType         uint32 // 0 is absent
	CaptureInterface string
	Channels         []string
	Channel          string
	Hop              *Hop
	Hardware         string
	UUID             string
	Text             string // on failure the reason; on success information
	Version          string // of the capture program, v3 only
}

// Configure asks the sensor to tune or to hop. Exactly one of the two is set.
type Configure struct {
	Channel string
	Hop     *Hop
}

// ConfigureReport answers a Configure, or says unasked what is tuned now
// (Seq 0). A report that is not OK makes the server drop the source. Channel and
// Hop are sent as they are set; if both are, v3 servers believe that it hops and
// v2 servers that it does not.
type ConfigureReport struct {
	Seq     uint32
	OK      bool
	Channel string // what is really tuned, when not hopping
	Hop     *Hop
	Text    string // what went wrong; for v2 servers a message of severity Error
}

// Hop is a hop plan as it stands on the wire.
type Hop struct {
	Rate     float64 // hops per second
	Shuffle  bool
	Skip     uint32
	Offset   uint32
	Channels []string
}

// Severity of a text message.
type Severity uint16

// Kismet's severities.
const (
	Debug Severity = 1
	Info  Severity = 2
	Error Severity = 4
	Alert Severity = 8
	Fatal Severity = 16
)

// Text is a line for the server's log and message list.
type Text struct {
	Severity Severity
	Text     string
}

// Shutdown ends a session, with a reason for the server's log.
type Shutdown struct {
	Reason string
}

// ErrorReport is v2's way to report a fatal error (success false). A v3 server
// ignores its ERROR message; there Text and Shutdown do it.
type ErrorReport struct {
	Seq  uint32
	OK   bool
	Text string
}

// Data is one data report. Every block is optional.
type Data struct {
	GPS    *GPS
	Signal *Signal
	Packet *Packet
	JSON   *JSON
}

// GPS is where a report's content was heard. Absent numbers are NaN: v3 omits
// them, v2 has no way to and sends 0.
type GPS struct {
	Lat, Lon  float64 // degrees, WGS 84
	AltM      float64 // metres above mean sea level
	Fix       uint8   // 2 or 3
	SpeedKMH  float64
	Heading   float64 // degrees
	Precision float64 // metres
	Sec, Usec uint64  // Unix time
	Type      string  // kind of receiver
	Name      string  // name of receiver
	UUID      string  // v3 only; not sent when empty
}

// Signal is what the link header of a frame cannot say. Zero fields are absent.
type Signal struct {
	SignalDBm, NoiseDBm   int32
	SignalRSSI, NoiseRSSI uint32
	FreqKHz               uint64
	DataRate              uint64
	Channel               string
}

// Packet is one captured frame.
type Packet struct {
	LinkType  uint32
	Sec, Usec uint64 // Unix time; 0 in v3 may be a time that was not sent
	OrigLen   uint32 // on air; never less than Content's length, whatever is set or received
	Content   []byte
}

// JSON is a record of a source that does not capture frames.
type JSON struct {
	Type      string
	Sec, Usec uint64
	Text      string
}

// Unknown is a message that is valid as a frame and of no use to a datasource
// session.
type Unknown struct {
	Type    uint16 // v3
	Command string // v0, v2
}

func (Ping) message()            {}
func (Pong) message()            {}
func (NewSource) message()       {}
func (OpenSource) message()      {}
func (OpenReport) message()      {}
func (Configure) message()       {}
func (ConfigureReport) message() {}
func (Text) message()            {}
func (Shutdown) message()        {}
func (ErrorReport) message()     {}
func (Data) message()            {}
func (Unknown) message()         {}
