package linuxwifi

import (
	"bytes"
	"os"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// SocketStats are a socket's counters since it was opened. None ever falls.
// What was received, filtered in user space and dropped is what passed the
// kernel's filter, but for what waits in the ring.
type SocketStats struct {
	Received      uint64 // frames handed out in batches
	ReceivedBytes uint64 // their bytes as handed out

	KernelDropped uint64 // frames lost because the reader was too slow
	Freezes       uint64 // how often the ring was full; 0 without a ring

	// What the filter dropped in the kernel: the difference between what the
	// interface received and what came through. The bytes are an estimate while
	// frames wait or were lost. Both stay 0 where /proc does not tell, or the
	// driver does not count.
	Filtered      uint64
	FilteredBytes uint64

	UserFiltered      uint64 // frames that the filter dropped behind the kernel
	UserFilteredBytes uint64

	CutBytes uint64 // bytes that the filter cut off frames that it kept, in user space

	Damaged uint64 // blocks and frames of the ring that made no sense
}

// counts are what one batch adds.
type counts struct {
	frames, bytes                   uint64 // that came through the kernel's filter, with their original lengths
	received, receivedBytes         uint64
	userFiltered, userFilteredBytes uint64
	cut, damaged                    uint64
	longest                         uint32
}

// A tally is what the reader counts, once per batch.
type tally struct {
	mu    sync.Mutex
	sum   counts
	since uint64 // frames since the kernel was last asked
}

// stockEvery is after how many frames the kernel's counters are asked for,
// should nobody want them: they have 32 bits.
const stockEvery = 1 << 28

// add counts a batch and says whether it is time to ask the kernel.
func (t *tally) add(c counts) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &t.sum
	s.frames += c.frames
	s.bytes += c.bytes
	s.received += c.received
	s.receivedBytes += c.receivedBytes
	s.userFiltered += c.userFiltered
	s.userFilteredBytes += c.userFilteredBytes
	s.cut += c.cut
	s.damaged += c.damaged
	s.longest = max(s.longest, c.longest)
	if t.since += c.frames; t.since < stockEvery {
		return false
	}
	t.since = 0
	return true
}

func (t *tally) get() counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sum
}

// Stats returns the counters. It asks the kernel, not the driver.
func (s *Socket) Stats() SocketStats {
	s.ctl.Lock()
	defer s.ctl.Unlock()
	if !s.closed.Load() {
		s.takeStock()
	}
	t, a := s.tally.get(), &s.account
	return SocketStats{
		Received: t.received, ReceivedBytes: t.receivedBytes,
		KernelDropped: a.dropped, Freezes: a.freezes,
		Filtered: a.filtered, FilteredBytes: a.filteredBytes,
		UserFiltered: t.userFiltered, UserFilteredBytes: t.userFilteredBytes,
		CutBytes: t.cut, Damaged: t.damaged,
	}
}

// An account is what the kernel counts.
type account struct {
	index int

	filtering bool   // the kernel had a program once
	seen      uint64 // frames that came through the filter, lost ones included
	dropped   uint64
	freezes   uint64

	last    interfaceCounts // as read last
	started bool            // last is set
	rx      interfaceCounts // since the start

	filtered, filteredBytes uint64
}

// interfaceCounts are frames and bytes that an interface received.
type interfaceCounts struct{ frames, bytes uint64 }

// takeStock asks the kernel for its counters. The caller holds ctl, or is alone.
//
// The interface's are read before the socket's, so that a frame which arrives
// in between is not taken for a filtered one.
func (s *Socket) takeStock() {
	now, ok := s.interfaceCounts()
	t := s.tally.get()
	packets, drops, freezes := s.kernelCounts()
	s.account.add(now, ok, packets, drops, freezes)
	s.account.balance(t)
}

// add takes new readings: the interface's are absolute, if ok, and the
// socket's since the last time.
func (a *account) add(now interfaceCounts, ok bool, packets, drops, freezes uint32) {
	a.seen += uint64(packets)
	a.dropped += uint64(drops)
	a.freezes += uint64(freezes)
	if !ok {
		return
	}
	// A driver may begin anew, when the interface was down.
	if a.started && now.frames >= a.last.frames && now.bytes >= a.last.bytes {
		a.rx.frames += now.frames - a.last.frames
		a.rx.bytes += now.bytes - a.last.bytes
	}
	a.last, a.started = now, true
}

// longFrame is for how long a frame is taken that waits to be read, if none was
// longer.
const longFrame = 4096

// balance works out what the filter dropped. Frames on their way make it too
// small, never smaller than it was.
func (a *account) balance(t counts) {
	if !a.filtering {
		return
	}
	a.filtered = grow(a.filtered, a.rx.frames, a.seen)
	through := t.bytes
	if waiting := below(a.seen, a.dropped+t.frames); waiting > 0 {
		through += waiting * max(uint64(t.longest), longFrame)
	}
	if t.frames > 0 {
		through += uint64(float64(a.dropped) * float64(t.bytes) / float64(t.frames))
	}
	a.filteredBytes = grow(a.filteredBytes, a.rx.bytes, through)
}

// grow returns a-b, or old if that is larger.
func grow(old, a, b uint64) uint64 { return max(old, below(a, b)) }

// below returns a-b, or 0 if that is negative.
func below(a, b uint64) uint64 { return a - min(a, b) }

// kernelCounts reads the socket's counters, which the kernel then sets to 0.
// The frames count the dropped ones too.
func (s *Socket) kernelCounts() (frames, dropped, freezes uint32) {
	if _, ok := s.frames.(*ring); ok {
		if st, err := unix.GetsockoptTpacketStatsV3(s.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
			return st.Packets, st.Drops, st.Freeze_q_cnt
		}
		return 0, 0, 0
	}
	if st, err := unix.GetsockoptTpacketStats(s.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
		return st.Packets, st.Drops, 0
	}
	return 0, 0, 0
}

// interfaceCounts reads what the interface received. Netlink would tell too,
// but waits for whoever changes any interface, and a driver can take seconds.
func (s *Socket) interfaceCounts() (interfaceCounts, bool) {
	req, err := unix.NewIfreq("")
	if err != nil {
		return interfaceCounts{}, false
	}
	req.SetUint32(uint32(s.account.index)) // its name may have changed
	if err := unix.IoctlIfreq(s.fd, unix.SIOCGIFNAME, req); err != nil {
		return interfaceCounts{}, false
	}
	table, err := os.ReadFile("/proc/self/net/dev")
	if err != nil {
		return interfaceCounts{}, false
	}
	return parseInterfaceCounts(table, req.Name())
}

// parseInterfaceCounts finds an interface in /proc/net/dev: a line of its name,
// a colon, and numbers of which the first are received bytes and frames.
func parseInterfaceCounts(table []byte, name string) (interfaceCounts, bool) {
	for line := range bytes.Lines(table) {
		left, right, ok := bytes.Cut(line, []byte(":"))
		if !ok || string(bytes.TrimSpace(left)) != name {
			continue
		}
		fields := bytes.Fields(right)
		if len(fields) < 2 {
			return interfaceCounts{}, false
		}
		b, err := strconv.ParseUint(string(fields[0]), 10, 64)
		if err != nil {
			return interfaceCounts{}, false
		}
		f, err := strconv.ParseUint(string(fields[1]), 10, 64)
		if err != nil {
			return interfaceCounts{}, false
		}
		return interfaceCounts{frames: f, bytes: b}, true
	}
	return interfaceCounts{}, false
}
