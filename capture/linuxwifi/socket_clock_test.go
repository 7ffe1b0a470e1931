package linuxwifi

import (
	"testing"
	"time"
)

func TestClockOffset(t *testing.T) {
	want := time.Now().UnixNano() - int64(bootTime())
	var c clock
	if off := time.Duration(c.offset() - want).Abs(); off > time.Second {
		t.Errorf("off by %v", off)
	}
	c.offsetNs = 5
	c.at = time.Now().Add(time.Hour) // not to be read anew for a while
	if got := c.offset(); got != 5 {
		t.Errorf("read again at once: %d", got)
	}
	c.at = time.Now().Add(-time.Second)
	if off := time.Duration(c.offset() - want).Abs(); off > time.Second {
		t.Errorf("later off by %v", off)
	}
}
