package nl80211

import (
	"errors"
	"fmt"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// maxReplies bounds what is read in answer to a request that is no dump. The
// kernel sends one message at most.
const maxReplies = 16

// A request is one question or command. Without a command it only connects.
type request struct {
	op      string // for errors
	command uint8
	dump    bool // answered by a list
	encode  func(*netlink.AttributeEncoder)
}

// An answer is what came back.
type answer struct {
	messages    []genetlink.Message
	interrupted bool // the list is a mixture of two states
}

// A link is one connection and the number that nl80211 has on it.
type link struct {
	conn   *genetlink.Conn
	family genetlink.Family // zero until connected
}

// ask sends a request and reads everything that answers it. inStep says
// whether the connection can be used for another.
func (l *link) ask(r request) (a answer, inStep bool, err error) {
	// netlink v1.11.2 slices an error message by a length that it takes from
	// the message, and that is negative in 32 bits if it is huge.
	defer func() {
		if p := recover(); p != nil {
			a, inStep, err = answer{}, false, &opError{op: r.op, err: fmt.Errorf("malformed reply: %v", p)}
		}
	}()
	if err := l.connect(r.op); err != nil {
		return answer{}, false, err
	}
	if r.command == 0 {
		return answer{}, true, nil
	}
	m, err := r.message(l.family)
	if err != nil {
		return answer{}, true, &opError{op: r.op, err: err}
	}
	flags := netlink.Request | netlink.Acknowledge
	if r.dump {
		flags = netlink.Request | netlink.Dump
	}
	sent, err := l.conn.Send(m, l.family.ID, flags)
	if err != nil {
		return answer{}, false, broken(r.op, err)
	}
	a, err = l.read(sent, r.dump)
	if err == nil {
		return a, true, nil
	}
	if e := refusal(r.op, sent.Header.Sequence, err); e != nil {
		// ENOENT is also the answer of a kernel whose cfg80211 was unloaded
		// and loaded again: the family has another number then.
		return answer{}, e.Errno != unix.ENOENT, e
	}
	return answer{}, false, broken(r.op, err)
}

// connect finds the family, once.
func (l *link) connect(op string) error {
	if l.family.ID != 0 {
		return nil
	}
	setOptions(l.conn)
	family, err := l.conn.GetFamily(unix.NL80211_GENL_NAME)
	if errors.Is(err, unix.ENOENT) {
		return &Error{Op: op, Errno: unix.ENOENT, Message: "this kernel has no Wi-Fi: cfg80211 is not loaded"}
	}
	if err != nil {
		return broken(op, err)
	}
	if family.ID == 0 {
		return &opError{op: op, err: errors.New("nl80211 has no number")}
	}
	l.family = family
	return nil
}

// message encodes the request.
func (r request) message(f genetlink.Family) (genetlink.Message, error) {
	ae := netlink.NewAttributeEncoder()
	if r.encode != nil {
		r.encode(ae)
	}
	data, err := ae.Encode()
	return genetlink.Message{Header: genetlink.Header{Command: r.command, Version: f.Version}, Data: data}, err
}

// read reads until the acknowledgement, or the end of the list. Every request
// but a dump asks for an acknowledgement, also those that are answered by a
// message as well: whoever stops reading at that message finds the
// acknowledgement in front of the next answer.
func (l *link) read(sent netlink.Message, dump bool) (answer, error) {
	var a answer
	for {
		messages, headers, err := l.conn.Receive()
		if err != nil {
			return answer{}, err
		}
		if err := netlink.Validate(sent, headers); err != nil {
			return answer{}, err
		}
		for i, h := range headers {
			switch h.Header.Type {
			case netlink.Error: // with the code 0, or Receive had failed
				if !dump {
					return a, nil
				}
			case sent.Header.Type:
				a.messages = append(a.messages, messages[i])
			default:
				continue
			}
			if h.Header.Flags&netlink.DumpInterrupted != 0 {
				a.interrupted = true
			}
		}
		if dump {
			return a, nil
		}
		if len(a.messages) > maxReplies {
			return answer{}, errors.New("too many replies to one request")
		}
	}
}
