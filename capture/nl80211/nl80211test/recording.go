package nl80211test

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// A Recording is what a kernel said: the messages of its dumps of phys and
// interfaces, and its regulatory domain, in the order and with the flags that it
// sent them. As a file it is a gzip of the messages as they are, one behind the
// other, on a little-endian machine.
type Recording []netlink.Message

// hwsim is made by TestVMRecord of package nl80211.
//
//go:embed testdata/hwsim.nl.gz
var hwsim []byte

// recordLimit is how large a recording may be, unpacked.
const recordLimit = 16 << 20

// Record asks the kernel of this machine. It shares no code with package
// nl80211, so that the one can be tested with what the other wrote.
func Record() (Recording, error) {
	conn, err := genetlink.Dial(nil)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return nil, err
	}
	family, err := conn.GetFamily(unix.NL80211_GENL_NAME)
	if err != nil {
		return nil, err
	}
	ae := netlink.NewAttributeEncoder()
	ae.Flag(unix.NL80211_ATTR_SPLIT_WIPHY_DUMP, true)
	split, err := ae.Encode()
	if err != nil {
		return nil, err
	}
	var all Recording
	for _, q := range []struct {
		command uint8
		flags   netlink.HeaderFlags
		data    []byte
	}{
		{unix.NL80211_CMD_GET_WIPHY, netlink.Dump, split},
		{unix.NL80211_CMD_GET_INTERFACE, netlink.Dump, nil},
		{unix.NL80211_CMD_GET_REG, 0, nil},
	} {
		m := genetlink.Message{Header: genetlink.Header{Command: q.command, Version: family.Version}, Data: q.data}
		if _, err := conn.Send(m, family.ID, netlink.Request|q.flags); err != nil {
			return nil, err
		}
		_, messages, err := conn.Receive()
		if err != nil {
			return nil, err
		}
		all = append(all, messages...)
	}
	return all, nil
}

// Hwsim is the recording of two radios of mac80211_hwsim, Linux 6.1, in the
// regulatory domain US: "phy0", which is on one channel at a time, and "roof",
// which is on two. Each has an interface in managed mode.
func Hwsim() Recording {
	r, err := Read(bytes.NewReader(hwsim))
	if err != nil {
		panic(err)
	}
	return r
}

// WriteTo writes the recording as a file.
func (r Recording) WriteTo(w io.Writer) (int64, error) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	for _, m := range r {
		b, err := sized(m).MarshalBinary()
		if err != nil {
			return 0, err
		}
		if _, err := z.Write(b); err != nil {
			return 0, err
		}
	}
	if err := z.Close(); err != nil {
		return 0, err
	}
	return packed.WriteTo(w)
}

// Read reads what WriteTo wrote.
func Read(from io.Reader) (Recording, error) {
	z, err := gzip.NewReader(from)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(z, recordLimit))
	if err != nil {
		return nil, err
	}
	return Split(b)
}

// Split parts bytes into netlink messages; what is left over is an error.
func Split(b []byte) (Recording, error) {
	var all Recording
	for len(b) > 0 {
		var m netlink.Message
		// UnmarshalBinary takes the message's own length, but wants an
		// aligned slice.
		if err := m.UnmarshalBinary(b[:len(b)&^3]); err != nil {
			return nil, fmt.Errorf("message %d: %w", len(all), err)
		}
		all = append(all, m)
		b = b[min(len(b), int(m.Header.Length+3)&^3):]
	}
	return all, nil
}

// Answer answers as the recorded kernel did: GET_WIPHY, of all or of one,
// GET_INTERFACE and GET_REG.
func (r Recording) Answer(greq genetlink.Message, nreq netlink.Message) ([]genetlink.Message, error) {
	var reply uint8
	var filters []uint16 // attributes of the request that the reply has to share
	switch greq.Header.Command {
	case unix.NL80211_CMD_GET_WIPHY:
		reply, filters = unix.NL80211_CMD_NEW_WIPHY, []uint16{unix.NL80211_ATTR_WIPHY}
	case unix.NL80211_CMD_GET_INTERFACE:
		reply, filters = unix.NL80211_CMD_NEW_INTERFACE, []uint16{unix.NL80211_ATTR_WIPHY, unix.NL80211_ATTR_IFINDEX}
	case unix.NL80211_CMD_GET_REG:
		reply = unix.NL80211_CMD_GET_REG
	default:
		return nil, Refuse(unix.EOPNOTSUPP, "")
	}
	var found []genetlink.Message
	for _, m := range r {
		var g genetlink.Message
		if err := g.UnmarshalBinary(m.Data); err != nil {
			return nil, err
		}
		if g.Header.Command == reply && shares(greq.Data, g.Data, filters) {
			found = append(found, g)
		}
	}
	if len(found) == 0 && nreq.Header.Flags&netlink.Dump == 0 {
		return nil, Refuse(unix.ENODEV, "")
	}
	return found, nil
}

// shares reports whether each of these attributes that a request has is the
// same in a reply.
func shares(request, reply []byte, filters []uint16) bool {
	for _, id := range filters {
		want, err := find(request, id)
		if err != nil {
			continue
		}
		if got, err := find(reply, id); err != nil || !bytes.Equal(want, got) {
			return false
		}
	}
	return true
}

// find returns an attribute's content.
func find(data []byte, id uint16) ([]byte, error) {
	list, err := netlink.UnmarshalAttributes(data)
	if err != nil {
		return nil, err
	}
	for _, a := range list {
		if a.Type == id {
			return a.Data, nil
		}
	}
	return nil, errors.New("no such attribute")
}
