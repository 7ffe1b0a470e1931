package hop

import (
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/radiotap"
)

// Heard counts the frames of a batch for the channels on which they were
// heard. It only reads the batch and keeps nothing of it.
//
// A frame belongs to the channel to which the radio was tuned at the frame's
// time. The frequency in the radiotap header alone would not do: it does not
// tell 6 from 6HT40+, and on a wide channel drivers tell that of the part on
// which the frame came. But around a hop it is what decides: the time of a
// frame is taken when the kernel sees it, up to some milliseconds after the
// radio did, and then the frequency says whether it came before the hop. Frames
// without a time of this machine have only the frequency.
func (c *Coverage) Heard(b *capture.Batch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sec := uint32(time.Since(c.since) / time.Second)
	near := c.ring.n
	for i := range b.Len() {
		f := b.Frame(i)
		h := radioHeader(f)
		var p int
		p, near = c.locate(f.TimeNs, b.ClockOffsetNs, h.FreqMHz, near)
		if p == nowhere {
			c.lost++
			continue
		}
		c.places[p].frames++
		if h.BadFCS {
			continue // so its addresses may be anything
		}
		if ta, ok := transmitter(f.LinkType, f.Data[min(h.Length, len(f.Data)):]); ok && c.heard.hear(ta, p, sec) {
			c.places[p].found++
		}
	}
}

// radioHeader is the frame's radiotap header, zero if it has none.
func radioHeader(f capture.Frame) radiotap.Header {
	if f.LinkType != capture.LinkTypeRadiotap {
		return radiotap.Header{}
	}
	h, err := radiotap.Parse(f.Data)
	if err != nil {
		return radiotap.Header{Length: len(f.Data)}
	}
	return h
}

// transmitter is the address of who sent a frame, if it tells.
func transmitter(lt capture.LinkType, frame []byte) (radiotap.MAC, bool) {
	if lt != capture.LinkTypeRadiotap && lt != capture.LinkTypeIEEE80211 {
		return radiotap.MAC{}, false
	}
	d, ok := radiotap.ParseDot11(frame)
	if !ok || d.Has&radiotap.TA == 0 {
		return radiotap.MAC{}, false
	}
	ta := d.TA
	ta[0] &^= 1 // set in an RTS that tells its bandwidth
	return ta, ta != radiotap.MAC{}
}

// locate returns the place where a frame was heard, nowhere if it is not
// known, and where in the ring to look for the next frame.
func (c *Coverage) locate(timeNs, offsetNs int64, freqMHz int, near uint64) (int, uint64) {
	if offsetNs == 0 {
		return c.byFrequency(freqMHz), near
	}
	if c.boottime != nil {
		timeNs -= offsetNs
	}
	i, ok := c.ring.find(timeNs, near)
	if !ok {
		return nowhere, near
	}
	t := c.ring.at(i)
	inTime := t.place
	if timeNs < t.hereNs { // between two channels: what comes is from the one before
		if inTime = nowhere; i > c.ring.oldest() {
			inTime = c.ring.at(i - 1).place
		}
	}
	if freqMHz == 0 || c.isAt(inTime, freqMHz) {
		return inTime, i
	}
	switch {
	case c.isAt(t.place, freqMHz): // the driver was quicker than its answer
		return t.place, i
	case i > c.ring.oldest() && timeNs-t.hereNs < int64(inFlight) && c.isAt(c.ring.at(i-1).place, freqMHz):
		return c.ring.at(i - 1).place, i
	case i+1 < c.ring.n && c.ring.at(i+1).leftNs-timeNs < int64(inFlight) && c.isAt(c.ring.at(i+1).place, freqMHz):
		return c.ring.at(i + 1).place, i
	}
	return inTime, i
}

// isAt reports whether a place's control channel is at a frequency.
func (c *Coverage) isAt(p, freqMHz int) bool {
	return p != nowhere && c.places[p].channel.FreqMHz == freqMHz
}

// byFrequency is where the radio last was at a frequency.
func (c *Coverage) byFrequency(freqMHz int) int {
	if freqMHz == 0 {
		return nowhere
	}
	for i := c.ring.n; i > c.ring.oldest(); i-- {
		if p := c.ring.at(i - 1).place; c.isAt(p, freqMHz) {
			return p
		}
	}
	return nowhere
}
