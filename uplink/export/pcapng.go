package export

import (
	"io"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/uplink/frames"
)

// PcapOptions say whose frames a pcapng file has.
type PcapOptions struct {
	Program string                    // that writes, with its version
	Rig     string                    // that captured; "" is not said
	Name    func(capture.UUID) string // a source's name; nil or "" is its UUID
}

// A PcapNG writes located frames as pcapng, each with Kismet's GPS option where
// its position is known.
type PcapNG struct {
	w      io.Writer
	blocks *blocks
	buf    []byte
	begun  bool
	err    error
}

// flushBytes is how much a PcapNG gathers before it writes.
const flushBytes = 64 << 10

// NewPcapNG returns a writer of w, which the caller closes.
func NewPcapNG(w io.Writer, o PcapOptions) *PcapNG {
	return &PcapNG{w: w, blocks: newBlocks(o), buf: make([]byte, 0, flushBytes+capture.MaxFrameBytes+512)}
}

// Write adds a frame, which it does not keep. What it gathers goes on in pieces
// of some 64 KiB. After an error of the writer below, it repeats that error.
func (p *PcapNG) Write(f *frames.Located) error {
	if p.err != nil {
		return p.err
	}
	p.begin()
	buf, err := p.blocks.appendFrame(p.buf, f)
	if err != nil {
		return err
	}
	if p.buf = buf; len(p.buf) >= flushBytes {
		return p.Flush()
	}
	return nil
}

// Flush hands on what was gathered.
func (p *PcapNG) Flush() error {
	if p.err != nil || len(p.buf) == 0 {
		return p.err
	}
	_, p.err = p.w.Write(p.buf)
	p.buf = p.buf[:0]
	return p.err
}

// Close flushes, and makes a file without frames a valid one. It does not close
// the writer below.
func (p *PcapNG) Close() error {
	p.begin()
	return p.Flush()
}

func (p *PcapNG) begin() {
	if !p.begun {
		p.begun = true
		p.buf = p.blocks.appendHeader(p.buf, 0)
	}
}
