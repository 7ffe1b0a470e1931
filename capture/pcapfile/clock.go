package pcapfile

import (
	"fmt"
	"math"
	"math/bits"
)

// A clock turns an interface's timestamps into nanoseconds: ts * mul / div,
// rounded down, plus an offset.
type clock struct {
	mul, div uint64
	offsetNs int64
}

// Options of an interface description block.
const (
	optEnd          = 0
	optTSResolution = 9
	optTSOffset     = 14
)

// maxOffsetSec is what nanoseconds can hold, in seconds.
const maxOffsetSec = math.MaxInt64 / 1_000_000_000

// readClock finds the clock's options among an interface's.
func (p *pcapng) readClock(opts []byte) (clock, error) {
	c := clock{mul: 1000, div: 1}
	for len(opts) >= 4 {
		code, length := p.order.u16(opts), int(p.order.u16(opts[2:]))
		opts = opts[4:]
		padded := (length + 3) &^ 3
		if code == optEnd {
			break
		}
		if padded > len(opts) {
			return clock{}, fmt.Errorf("option %d of its interface description claims %d bytes", code, length)
		}
		switch {
		case code == optTSResolution && length == 1:
			if err := c.setResolution(opts[0]); err != nil {
				return clock{}, err
			}
		case code == optTSOffset && length == 8:
			sec := int64(p.order.u64(opts))
			if sec > maxOffsetSec || sec < -maxOffsetSec {
				return clock{}, fmt.Errorf("its interface's time offset of %d s is out of range", sec)
			}
			c.offsetNs = sec * 1e9
		case code == optTSResolution, code == optTSOffset:
			return clock{}, fmt.Errorf("option %d of its interface description has %d bytes", code, length)
		}
		opts = opts[padded:]
	}
	return c, nil
}

// setResolution takes an if_tsresol: a negative power of 10, or with the top
// bit of 2.
func (c *clock) setResolution(r byte) error {
	exp := int(r & 0x7f)
	switch {
	case r&0x80 != 0 && exp < 64:
		c.mul, c.div = 1e9, 1<<exp
	case r&0x80 == 0 && exp <= 9:
		c.mul, c.div = pow10(9-exp), 1
	case r&0x80 == 0 && exp <= 28:
		c.mul, c.div = 1, pow10(exp-9)
	default:
		return fmt.Errorf("its interface's time resolution %#02x is out of range", r)
	}
	return nil
}

// pow10 returns 10 to the n-th, 0 <= n <= 19.
func pow10(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}

// ns returns a time in nanoseconds since 1970, and whether that is possible.
func (c *clock) ns(ts uint64) (int64, bool) {
	hi, q := bits.Mul64(ts, c.mul)
	if c.div != 1 {
		if hi >= c.div {
			return 0, false
		}
		q, _ = bits.Div64(hi, q, c.div)
		hi = 0
	}
	if hi != 0 || q > math.MaxInt64 {
		return 0, false
	}
	ns := int64(q) + c.offsetNs // the first is not negative: an overflow is
	return ns, ns >= 0
}
