package nl80211

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
)

// InterfaceType says what an interface is for (enum nl80211_iftype).
type InterfaceType uint32

// The interface types that sensord meets. The kernel has more.
const (
	TypeUnspecified InterfaceType = unix.NL80211_IFTYPE_UNSPECIFIED
	TypeAdhoc       InterfaceType = unix.NL80211_IFTYPE_ADHOC
	TypeStation     InterfaceType = unix.NL80211_IFTYPE_STATION
	TypeAP          InterfaceType = unix.NL80211_IFTYPE_AP
	TypeAPVLAN      InterfaceType = unix.NL80211_IFTYPE_AP_VLAN
	TypeWDS         InterfaceType = unix.NL80211_IFTYPE_WDS
	TypeMonitor     InterfaceType = unix.NL80211_IFTYPE_MONITOR
	TypeMesh        InterfaceType = unix.NL80211_IFTYPE_MESH_POINT
	TypeP2PClient   InterfaceType = unix.NL80211_IFTYPE_P2P_CLIENT
	TypeP2PGO       InterfaceType = unix.NL80211_IFTYPE_P2P_GO
	TypeP2PDevice   InterfaceType = unix.NL80211_IFTYPE_P2P_DEVICE
	TypeOCB         InterfaceType = unix.NL80211_IFTYPE_OCB
	TypeNAN         InterfaceType = unix.NL80211_IFTYPE_NAN
)

// String returns the type in the words of iw: "managed", "monitor", "AP".
func (t InterfaceType) String() string {
	switch t {
	case TypeUnspecified:
		return "unspecified"
	case TypeAdhoc:
		return "IBSS"
	case TypeStation:
		return "managed"
	case TypeAP:
		return "AP"
	case TypeAPVLAN:
		return "AP/VLAN"
	case TypeWDS:
		return "WDS"
	case TypeMonitor:
		return "monitor"
	case TypeMesh:
		return "mesh point"
	case TypeP2PClient:
		return "P2P-client"
	case TypeP2PGO:
		return "P2P-GO"
	case TypeP2PDevice:
		return "P2P-device"
	case TypeOCB:
		return "outside context of a BSS"
	case TypeNAN:
		return "NAN"
	default:
		return fmt.Sprintf("type %d", uint32(t))
	}
}

// MonitorFlags says which frames a monitor interface delivers beyond good data
// and management frames of its own BSS. A request replaces the kernel's whole
// set; zero leaves the kernel's default alone, which is [MonitorDefault].
// The bits are numbered as enum nl80211_mntr_flags.
type MonitorFlags uint32

// The monitor flags. The kernel's "cook frames" is missing: it excludes all
// others, and newer kernels refuse it.
const (
	MonitorFCSFail  MonitorFlags = 1 << unix.NL80211_MNTR_FLAG_FCSFAIL
	MonitorPLCPFail MonitorFlags = 1 << unix.NL80211_MNTR_FLAG_PLCPFAIL
	MonitorControl  MonitorFlags = 1 << unix.NL80211_MNTR_FLAG_CONTROL
	MonitorOtherBSS MonitorFlags = 1 << unix.NL80211_MNTR_FLAG_OTHER_BSS
	// MonitorActive acknowledges what is sent to the interface's address; it
	// needs Phy.ActiveMonitor.
	MonitorActive MonitorFlags = 1 << unix.NL80211_MNTR_FLAG_ACTIVE

	MonitorDefault = MonitorControl | MonitorOtherBSS
)

// String returns the flags in the words of iw, joined by "+"; "" for none.
func (f MonitorFlags) String() string {
	var words []string
	for _, w := range []struct {
		flag MonitorFlags
		word string
	}{
		{MonitorFCSFail, "fcsfail"},
		{MonitorPLCPFail, "plcpfail"},
		{MonitorControl, "control"},
		{MonitorOtherBSS, "otherbss"},
		{MonitorActive, "active"},
	} {
		if f&w.flag != 0 {
			words = append(words, w.word)
		}
	}
	return strings.Join(words, "+")
}

// A Phy is a radio as the kernel sees it.
type Phy struct {
	Index int    // stays for the life of the phy
	Name  string // "phy0"; anyone may rename it

	// Bands stand in the kernel's order, their frequencies in the driver's.
	// A frequency that is disabled for everything but listening is not
	// Disabled here, but NoIR.
	Bands []capture.BandCapability

	Types         []InterfaceType // what its interfaces can be
	SoftwareTypes []InterfaceType // of these, what may always be added beside others
	Combinations  []Combination   // what may be up at the same time
	Commands      []uint32        // requests that the driver takes (enum nl80211_commands), sorted
	ActiveMonitor bool            // takes MonitorActive
}

// Supports reports whether interfaces of the phy can be of type t.
func (p Phy) Supports(t InterfaceType) bool { return slices.Contains(p.Types, t) }

// SetsChannel reports whether the driver lists the request SET_CHANNEL. Some
// that do not list it take a channel all the same.
func (p Phy) SetsChannel() bool {
	_, found := slices.BinarySearch(p.Commands, unix.NL80211_CMD_SET_CHANNEL)
	return found
}

// A Combination is one set of interfaces that a phy can have up together.
// Types in Phy.SoftwareTypes do not count.
type Combination struct {
	Limits        []Limit
	MaxInterfaces int // in all
	Channels      int // different ones at a time
}

// A Limit is how many interfaces of some types a [Combination] allows.
type Limit struct {
	Max   int
	Types []InterfaceType
}

// An Interface is a network interface of a phy.
type Interface struct {
	Index    int // of the network device; 0 for one without, as P2P-device
	PhyIndex int
	Name     string // "" for one without a network device
	Type     InterfaceType
	MAC      net.HardwareAddr
	// Channel is what it is tuned to now; zero if it is not, or to something
	// that capture.Channel cannot say. Of 80+80 MHz it names the first half.
	Channel capture.Channel
}

// Regulatory is the set of rules that a phy obeys.
type Regulatory struct {
	Alpha2      string // "US"; "00" is the world, "99" the driver's own
	Own         bool   // rules of this phy; otherwise everyone's
	SelfManaged bool   // the driver does not listen to requests for another domain
}
