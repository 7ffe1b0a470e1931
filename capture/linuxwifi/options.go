package linuxwifi

import (
	"log/slog"
	"net"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/bpf"
)

// Options say which radio to open and how.
type Options struct {
	Interface  string             // the radio's interface as the user named it; "" takes Definition's
	Definition capture.Definition // vif, ignoreprimary, fcsfail, plcpfail, channel and the channel list's options are read
	RingBytes  int                // size of the capture ring, bytes; 0 is 2 MiB
	Plain      bool               // read with recvmsg and no ring
	Filter     *bpf.Program       // what to keep; nil keeps all

	// StateDir is where the changes made to the machine are written down
	// before they are made, so that the next start can undo what a killed run
	// left behind. It is created if missing. Empty means that nothing is
	// written and a killed run leaves its changes.
	StateDir string

	Log *slog.Logger // nil discards

	// Notify, if set, hears what happens to the radio and does not end the
	// capture. It is called from the radio's own goroutine, one call at a
	// time, until Close returns; it must not block and must not call Close.
	Notify func(Notice)
}

// name is the interface that the options mean.
func (o Options) name() string {
	if o.Interface != "" {
		return o.Interface
	}
	return o.Definition.Interface
}

// NoticeKind tells notices apart.
type NoticeKind uint8

// The notices.
const (
	_              NoticeKind = iota
	NoticeChannels            // the regulatory domain changed, and with it Radio.Channels
	NoticeRetuned             // another program tuned the radio; Radio.Tuned says where to
	NoticeRenamed             // an interface or the phy has another name now; see Radio.Details
)

// A Notice is something that happened to a radio and that capture goes on
// after.
type Notice struct {
	Kind NoticeKind
	Text string // for the log and the server: lower case, one line
}

// Details is what a radio is, for status and reports. Names can change while
// it is open; indexes cannot.
type Details struct {
	Interface        string           // the source interface
	CaptureInterface string           // the monitor interface frames come from; may be the same
	CaptureIndex     int              // its ifindex
	Phy              string           // name of the phy, "phy0" unless renamed
	PhyIndex         int              //
	Driver           string           // of the source interface, "" if unknown
	Bus              string           // where it is plugged in, as sysfs names it: "1-1.4:1.0"
	MAC              net.HardwareAddr // of the source interface when it was opened
	PermanentMAC     net.HardwareAddr // what the hardware says, nil if the kernel does not tell
	LinkType         capture.LinkType // of the frames
	Notes            []string         // what went not as wished at the opening: one line each, the command to type included
}

// A Device is one Wi-Fi interface as List and Check find it.
type Device struct {
	Interface    string // "" for a phy that has no interface
	Index        int
	MAC          net.HardwareAddr
	PermanentMAC net.HardwareAddr // nil if the kernel does not tell
	Phy          string
	PhyIndex     int
	Driver, Bus  string
	Mode         string // as iw names it: managed, monitor, AP ...
	Up           bool
	Monitor      bool // the driver has monitor mode
	Channel      capture.Channel
	Bands        []capture.BandCapability
	Problems     []error  // *fault.Error: why capture would not work as things are, with the remedy; none = works
	Notes        []string // what is good to know and keeps nothing from working
}

// A LinkAddress is one network interface's name and MAC address.
type LinkAddress struct {
	Name  string
	Index int
	MAC   net.HardwareAddr // nil if it has none
	Up    bool
}
