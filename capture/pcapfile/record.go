package pcapfile

import (
	"context"
	"iter"
	"strings"

	"github.com/sensord/sensord/capture"
)

// A Record is one frame with what its file says of it besides. It is a view
// that the next call of the Reader ends.
type Record struct {
	Frame     capture.Frame
	Interface Interface
	BigEndian bool // the order of the numbers in what is beside the frame

	options []byte
	order   order
}

// Interface is what a pcapng file says of the interface that heard a frame. A
// pcap file has one, without name.
type Interface struct {
	Section, Index    int // which one of which section, both from 0 on
	Name, Description string
}

// Next returns the next frame by itself, with the errors of ReadBatch. It does
// not keep a pace.
func (r *Reader) Next(ctx context.Context) (Record, error) {
	if err := ctx.Err(); err != nil {
		return Record{}, err
	}
	if r.err != nil {
		return Record{}, r.err
	}
	if r.pipe != nil {
		defer r.pipe.watch(ctx)()
	}
	if !r.have {
		if err := r.next(ctx, false); err != nil {
			if ctx.Err() == nil {
				r.err = err
			}
			return Record{}, err
		}
	}
	r.have = false
	r.count++
	rec := Record{
		Frame: capture.Frame{
			TimeNs: r.rec.timeNs, OrigLen: r.rec.origLen, LinkType: r.rec.linkType, Data: r.rec.data,
		},
		BigEndian: r.rec.order.big, options: r.rec.options, order: r.rec.order,
	}
	if f := r.rec.from; f != nil {
		rec.Interface = Interface{Section: f.section, Index: f.index, Name: f.name, Description: f.description}
	}
	return rec, nil
}

// Custom returns the values of the frame's custom binary options that the owner
// of a Private Enterprise Number has defined, in the order of the file.
func (r *Record) Custom(pen uint32) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for code, value := range options(r.order, r.options) {
			if code != optCustomBinary && code != optCustomBinaryNoCopy || len(value) < 4 || r.order.u32(value) != pen {
				continue
			}
			if !yield(value[4:]) {
				return
			}
		}
	}
}

// Options of any block, and those with a text.
const (
	optName               = 2
	optDescription        = 3
	optCustomBinary       = 2989
	optCustomBinaryNoCopy = 19373
)

// options goes over the options of a block, as far as they are whole.
func options(o order, b []byte) iter.Seq2[uint16, []byte] {
	return func(yield func(uint16, []byte) bool) {
		for len(b) >= 4 {
			code, length := o.u16(b), int(o.u16(b[2:]))
			b = b[4:]
			if code == optEnd || length > len(b) || !yield(code, b[:length]) {
				return
			}
			b = b[min((length+3)&^3, len(b)):]
		}
	}
}

// maxTextBytes is how much of a name is kept: a file may have thousands.
const maxTextBytes = 256

// text returns an option's text, which some writers end with a zero.
func text(b []byte) string {
	s, _, _ := strings.Cut(string(b[:min(len(b), maxTextBytes)]), "\x00")
	return strings.ToValidUTF8(s, "?")
}
