package linuxwifi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"unicode/utf8"

	"github.com/sensord/sensord/capture/nl80211"
)

// A state is what a radio has changed on the machine and has to put back, as
// it stands in the state file.
type state struct {
	Version   int      `json:"version"`
	Boot      string   `json:"boot"`      // which boot and network namespace the indexes belong to
	Interface string   `json:"interface"` // the source interface, as the user named it
	Changes   []change `json:"changes"`   // in the order made
}

// changeKind says what was changed, and so how to put it back.
type changeKind string

const (
	changedBlock   changeKind = "unblocked" // the phy was soft-blocked by rfkill
	changedManaged changeKind = "unmanaged" // NetworkManager managed the interface
	changedDown    changeKind = "down"      // the interface was up
	changedUp      changeKind = "up"        // the interface was down
	changedType    changeKind = "type"      // the interface was of another type
	changedFlags   changeKind = "flags"     // the monitor interface had the kernel's flags
	changedVIF     changeKind = "vif"       // the interface was not there
)

// A change is one thing that was, or was about to be, changed. What is about
// to be put back is recognised by Phy and Index; an interface that is to be
// removed by its name as well.
type change struct {
	Kind  changeKind `json:"kind"`
	Phy   int        `json:"phy"`
	Index int        `json:"ifindex,omitempty"` // 0 for an interface that was about to be made
	Name  string     `json:"name,omitempty"`

	// Above is the highest index in use when an interface was about to be
	// made. The kernel counts on, so what is ours has a higher one.
	Above int `json:"above,omitempty"`

	Type nl80211.InterfaceType `json:"type,omitempty"` // of changedType: what it was
}

const (
	stateVersion  = 1
	maxStateBytes = 64 << 10
	maxChanges    = 64
	maxBootBytes  = 200
)

// readState reads a state file. It comes from a disk that lost power, or from
// whoever can write there, and it decides what is removed: anything out of the
// ordinary is an error.
func readState(r io.Reader) (state, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxStateBytes+1))
	if err != nil {
		return state{}, err
	}
	if len(data) > maxStateBytes {
		return state{}, fmt.Errorf("state file has more than %d bytes", maxStateBytes)
	}
	var s state
	if err := json.Unmarshal(data, &s); err != nil {
		return state{}, err
	}
	if err := s.check(); err != nil {
		return state{}, err
	}
	return s, nil
}

// encode is the content of the state file: JSON, for people to read.
func (s state) encode() ([]byte, error) {
	data, err := json.MarshalIndent(s, "", "  ")
	return append(data, '\n'), err
}

func (s state) check() error {
	switch {
	case s.Version != stateVersion:
		return fmt.Errorf("state file has version %d, want %d", s.Version, stateVersion)
	case s.Boot == "" || len(s.Boot) > maxBootBytes || !utf8.ValidString(s.Boot):
		return errors.New("state file does not say which boot it is of")
	case !validName(s.Interface):
		return fmt.Errorf("state file is for the interface %.40q, which is no name", s.Interface)
	case len(s.Changes) > maxChanges:
		return fmt.Errorf("state file has %d changes, %d are the most", len(s.Changes), maxChanges)
	}
	for i, c := range s.Changes {
		if err := c.check(); err != nil {
			return fmt.Errorf("change %d: %w", i, err)
		}
	}
	return nil
}

func (c change) check() error {
	if c.Phy < 0 || c.Phy > math.MaxInt32 || c.Index < 0 || c.Index > math.MaxInt32 ||
		c.Above < 0 || c.Above > math.MaxInt32 {
		return errors.New("index is out of range")
	}
	switch c.Kind {
	case changedBlock:
		return nil
	case changedVIF:
		if !validName(c.Name) {
			return fmt.Errorf("%.40q is no interface name", c.Name)
		}
		return nil
	case changedType:
		if c.Type == nl80211.TypeUnspecified || c.Type > math.MaxUint8 {
			return fmt.Errorf("%d is no interface type", c.Type)
		}
	case changedManaged, changedDown, changedUp, changedFlags:
	default:
		return fmt.Errorf("kind %.40q is unknown", string(c.Kind))
	}
	if c.Index == 0 {
		return errors.New("interface index is missing")
	}
	return nil
}
