package nl80211test

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/genetlink/genltest"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// FamilyID is the number that nl80211 has in this kernel.
const FamilyID = 0x1c

// perDatagram is how many messages of a dump travel together.
const perDatagram = 3

// A Refusal is an answer with an errno and the kernel's reason, if it gives one.
type Refusal struct {
	Errno   unix.Errno
	Message string
}

func (r *Refusal) Error() string { return r.Errno.Error() + ": " + r.Message }

// Refuse returns a Refusal, to be returned by Options.Answer.
func Refuse(errno unix.Errno, message string) error {
	return &Refusal{Errno: errno, Message: message}
}

// Options says how a kernel behaves.
type Options struct {
	// Answer answers every request to nl80211: with messages, and success; with
	// a *Refusal; or with any other error, which ends the connection. It runs
	// while the request is sent, as in the kernel, so it may block.
	Answer genltest.Func
	// Edit, unless nil, changes the datagrams that answer a request.
	Edit func(request netlink.Message, out [][]netlink.Message) [][]netlink.Message
	// NoWiFi leaves out nl80211.
	NoWiFi bool
}

// A Kernel answers any number of connections. Safe for concurrent use as far as
// Options are.
type Kernel struct {
	options Options

	mu      sync.Mutex
	sockets []*socket // of all connections ever made
}

// New returns a Kernel.
func New(o Options) *Kernel { return &Kernel{options: o} }

// Dial makes a connection.
func (k *Kernel) Dial() (*genetlink.Conn, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := newSocket(k, uint32(1000+len(k.sockets)))
	k.sockets = append(k.sockets, s)
	return genetlink.NewConn(netlink.NewConn(s, s.pid)), nil
}

// Dialled is how many connections were made, and Open how many of these are not
// closed.
func (k *Kernel) Dialled() int { return len(k.all()) }

// Open is how many connections are not closed.
func (k *Kernel) Open() int {
	n := 0
	for _, s := range k.all() {
		if !s.isClosed() {
			n++
		}
	}
	return n
}

func (k *Kernel) all() []*socket {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.sockets)
}

// Announce sends a message of nl80211 to the members of a group, such as
// "config".
func (k *Kernel) Announce(group string, m genetlink.Message) {
	k.send(group, FamilyID, m)
}

// AnnounceUnload says that nl80211 is no more.
func (k *Kernel) AnnounceUnload() {
	ae := netlink.NewAttributeEncoder()
	ae.Uint16(unix.CTRL_ATTR_FAMILY_ID, FamilyID)
	ae.String(unix.CTRL_ATTR_FAMILY_NAME, unix.NL80211_GENL_NAME)
	data, err := ae.Encode()
	if err != nil {
		panic(err)
	}
	k.send("notify", unix.GENL_ID_CTRL, genetlink.Message{
		Header: genetlink.Header{Command: unix.CTRL_CMD_DELFAMILY, Version: 2}, Data: data,
	})
}

func (k *Kernel) send(group string, family uint16, m genetlink.Message) {
	id := groupID(group)
	for _, s := range k.all() {
		if s.member(id) {
			s.announce(datagram{messages: []netlink.Message{message(netlink.HeaderType(family), 0, netlink.Header{}, m)}})
		}
	}
}

// Overrun tells every member of any group that events were lost. The kernel says
// so in front of those that wait, and drops all others until they are read.
func (k *Kernel) Overrun() {
	for _, s := range k.all() {
		if s.member(0) {
			s.overrun(os.NewSyscallError("recvmsg", unix.ENOBUFS))
		}
	}
}

// answer returns the datagrams that answer a request.
func (k *Kernel) answer(req netlink.Message) []datagram {
	var greq genetlink.Message
	if err := greq.UnmarshalBinary(req.Data); err != nil {
		return []datagram{{err: err}}
	}
	answer := k.options.Answer
	if req.Header.Type == unix.GENL_ID_CTRL {
		answer = k.family
	}
	replies, err := answer(greq, req)
	refusal, refused := errors.AsType[*Refusal](err)
	var out [][]netlink.Message
	switch {
	case refused:
		out = append(out, []netlink.Message{acknowledgement(req, refusal)})
	case err != nil && !errors.Is(err, io.EOF): // EOF is genltest's empty list
		return []datagram{{err: err}}
	case req.Header.Flags&netlink.Dump == netlink.Dump:
		out = dump(req, replies)
	default:
		for _, r := range replies {
			out = append(out, []netlink.Message{message(req.Header.Type, 0, req.Header, r)})
		}
		if req.Header.Flags&netlink.Acknowledge != 0 {
			out = append(out, []netlink.Message{acknowledgement(req, &Refusal{})})
		}
	}
	if k.options.Edit != nil && req.Header.Type != unix.GENL_ID_CTRL {
		out = k.options.Edit(req, out)
	}
	list := make([]datagram, len(out))
	for i, messages := range out {
		list[i].messages = messages
	}
	return list
}

// family answers which number a family has.
func (k *Kernel) family(greq genetlink.Message, nreq netlink.Message) ([]genetlink.Message, error) {
	name := ""
	ad, err := netlink.NewAttributeDecoder(greq.Data)
	if err != nil {
		return nil, err
	}
	for ad.Next() {
		if ad.Type() == unix.CTRL_ATTR_FAMILY_NAME {
			name = ad.String()
		}
	}
	f := genetlink.Family{Name: name, Version: 1}
	switch {
	case name == "nlctrl":
		f.ID, f.Groups = unix.GENL_ID_CTRL, groups("notify")
	case name == unix.NL80211_GENL_NAME && !k.options.NoWiFi:
		f.ID, f.Groups = FamilyID, groups("config", "scan", "regulatory", "mlme", "vendor")
	default:
		return nil, Refuse(unix.ENOENT, "")
	}
	return genltest.ServeFamily(f, nil)(greq, nreq)
}

func groups(names ...string) []genetlink.MulticastGroup {
	list := make([]genetlink.MulticastGroup, len(names))
	for i, name := range names {
		list[i] = genetlink.MulticastGroup{ID: groupID(name), Name: name}
	}
	return list
}

// groupID gives every group a number that is not 0.
func groupID(name string) uint32 {
	return 1 + uint32(slices.Index([]string{"notify", "config", "scan", "regulatory", "mlme", "vendor"}, name)+1)
}

// dump frames a list.
func dump(req netlink.Message, replies []genetlink.Message) [][]netlink.Message {
	var out [][]netlink.Message
	for part := range slices.Chunk(replies, perDatagram) {
		var d []netlink.Message
		for _, r := range part {
			d = append(d, message(req.Header.Type, netlink.Multi, req.Header, r))
		}
		out = append(out, d)
	}
	done := netlink.Message{Header: req.Header, Data: make([]byte, 4)}
	done.Header.Type, done.Header.Flags = netlink.Done, netlink.Multi
	return append(out, []netlink.Message{sized(done)})
}

// message frames one reply.
func message(family netlink.HeaderType, flags netlink.HeaderFlags, req netlink.Header, m genetlink.Message) netlink.Message {
	data, err := m.MarshalBinary()
	if err != nil {
		panic(err)
	}
	return sized(netlink.Message{
		Header: netlink.Header{Type: family, Flags: flags, Sequence: req.Sequence, PID: req.PID}, Data: data,
	})
}

// acknowledgement frames success (errno 0) as the kernel does, which then leaves
// out the request, or a refusal, with the request and the reason behind it.
func acknowledgement(req netlink.Message, r *Refusal) netlink.Message {
	header := netlink.Header{Type: netlink.Error, Flags: 0x100, Sequence: req.Header.Sequence, PID: req.Header.PID} // NLM_F_CAPPED
	whole, err := req.MarshalBinary()
	if err != nil {
		panic(err)
	}
	data := binary.NativeEndian.AppendUint32(nil, uint32(-int32(r.Errno)))
	if r.Errno == 0 {
		return sized(netlink.Message{Header: header, Data: append(data, whole[:16]...)})
	}
	header.Flags = 0
	data = append(data, whole...)
	if r.Message != "" {
		header.Flags = netlink.AcknowledgeTLVs
		ae := netlink.NewAttributeEncoder()
		ae.String(1, r.Message) // NLMSGERR_ATTR_MSG
		words, err := ae.Encode()
		if err != nil {
			panic(err)
		}
		data = append(data, words...)
	}
	return sized(netlink.Message{Header: header, Data: data})
}

// sized sets the length of a message and pads it.
func sized(m netlink.Message) netlink.Message {
	m.Header.Length = uint32(16 + len(m.Data))
	for m.Header.Length%4 != 0 {
		m.Data = append(m.Data, 0)
		m.Header.Length++
	}
	return m
}
