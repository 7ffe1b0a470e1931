package actors

import (
	"context"
	"encoding/binary"
	"log/slog"
	"net"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/bpf"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/internal/tap"
)

// Frames from here to there: written to TAP devices, captured by the socket
// that captures from radios, through a whole rig to a server on loopback. Only
// bringing up and tuning is not real.

// livePatience is how long a test waits for what must come.
const livePatience = time.Minute

// Where a live frame holds what: a radiotap header of 16 bytes, a beacon's
// header of 24, a number.
const (
	atChannel     = 10
	atDestination = 20
	atTransmitter = 26
	atBSSID       = 32
	atNumber      = 40
	liveMHz       = 2437
)

// liveFrame is a beacon of so many bytes, heard on one channel.
func liveFrame(size int) []byte {
	f := make([]byte, size)
	for i := range f[atNumber:] {
		f[atNumber+i] = byte(i * 7)
	}
	copy(f, []byte{0, 0, 16, 0, 0x2a}) // flags, channel, signal
	binary.LittleEndian.PutUint16(f[atChannel:], liveMHz)
	f[12], f[14] = 0xa0, 0xce // 2.4 GHz and CCK; -50 dBm
	f[16] = 0x80
	copy(f[atDestination:], []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1})
	return f
}

func setNumber(f []byte, n int) { binary.LittleEndian.PutUint32(f[atNumber:], uint32(n)) }
func numberOf(f []byte) int     { return int(binary.LittleEndian.Uint32(f[atNumber:])) }

// ownAddress is one of the addresses of this machine, as a live rig is told.
// The first ten are those that a sender has as transmitters.
func ownAddress(i int) net.HardwareAddr {
	return net.HardwareAddr{2, byte(i / 10), 0, 0, 0, byte(i)}
}

// tapRadio is a socket on a TAP device as a radio that tunes at once.
type tapRadio struct {
	*linuxwifi.Socket
	tuned atomic.Pointer[capture.Channel]
	look  func(*capture.Batch) // at what is captured; nil is none
}

func (r *tapRadio) ReadBatch(ctx context.Context) (*capture.Batch, error) {
	b, err := r.Socket.ReadBatch(ctx)
	if b != nil && r.look != nil {
		r.look(b)
	}
	return b, err
}

func (r *tapRadio) Tune(_ context.Context, ch capture.Channel) error {
	r.tuned.Store(&ch)
	return nil
}

func (r *tapRadio) Tuned() capture.Channel {
	if ch := r.tuned.Load(); ch != nil {
		return *ch
	}
	return capture.Channel{}
}

func (r *tapRadio) Bands() []capture.BandCapability {
	return []capture.BandCapability{{Frequencies: []capture.Frequency{{MHz: 2412}, {MHz: liveMHz}, {MHz: 2462}}}}
}

func (r *tapRadio) SetFilter(p *bpf.Program) error { return r.Socket.SetFilter(p) }

// A liveRig is a rig whose radios are TAP devices.
type liveRig struct {
	*Rig
	log *logLines
}

// liveConfig says what a live rig is to be.
type liveConfig struct {
	devices   []*tap.Device
	ringBytes int
	addresses int // of this machine, all filtered
	server    configs.Server
	spool     string // directory in which every frame is kept first; "" is none
	look      func(radio int, b *capture.Batch)
}

// startLive returns a rig whose sources stream, in the order of their devices.
func startLive(tb testing.TB, c liveConfig) *liveRig {
	tb.Helper()
	fixed := gps.NewFixed(52.1, 4.3, 10, "roof")
	cfg := configs.Config{
		Servers: []configs.Server{c.server},
		GPS:     configs.GPS{Fixed: &fixed},
		Spool:   configs.Spool{MemoryBytes: 16 << 20},
	}
	if c.spool != "" {
		cfg.Spool.Dir, cfg.Spool.SizeBytes, cfg.Spool.Sync, cfg.Spool.SyncEvery = c.spool, 8<<30, configs.SyncEvery, time.Second
	}
	radios := map[string]int{}
	for i, d := range c.devices {
		// The clock of who runs this may not be synchronised: without timestamp= late
		// frames would have the link made anew.
		src := radioOf(tb, d.Name()+":timestamp=false,filter_locals="+strconv.FormatBool(c.addresses > 0))
		src.RingBytes = c.ringBytes
		cfg.Sources = append(cfg.Sources, src)
		radios[d.Name()] = i
	}
	opts := Options{Config: cfg, Version: "test"}
	opts.open = func(_ context.Context, src configs.Source, filter *bpf.Program, _ func(linuxwifi.Notice)) (engine, Details, error) {
		i := radios[src.Definition.Interface]
		s, err := linuxwifi.OpenSocket(linuxwifi.SocketConfig{
			Interface: src.Definition.Interface, Index: c.devices[i].Index(), RingBytes: src.RingBytes, Filter: filter,
		})
		if err != nil {
			return nil, Details{}, fault.New(fault.RadioMissing, "radio "+src.Name, err)
		}
		r := &tapRadio{Socket: s}
		if c.look != nil {
			r.look = func(b *capture.Batch) { c.look(i, b) }
		}
		return r, Details{LinkType: s.LinkType(), CaptureInterface: src.Name, Hardware: "tap", Live: true, MAC: liveMAC(i)}, nil
	}
	opts.watch = func(ctx context.Context, tell func([]linuxwifi.LinkAddress, bool)) error {
		var links []linuxwifi.LinkAddress
		for i := range c.addresses {
			links = append(links, linuxwifi.LinkAddress{Name: "eth" + strconv.Itoa(i), MAC: ownAddress(i), Up: true})
		}
		tell(links, false)
		<-ctx.Done()
		return nil
	}
	r := &liveRig{log: &logLines{}}
	opts.Log = slog.New(slog.NewTextHandler(r.log, nil))
	var err error
	if r.Rig, err = Start(opts); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { r.halt() })
	r.until(tb, "all sources stream", func() bool {
		for _, s := range r.shared.sources {
			if s.link.Load().State != LinkStreaming || s.hopper.Load() == nil {
				return false
			}
		}
		return true
	})
	return r
}

// halt ends the rig and gives up what is not confirmed.
func (r *liveRig) halt() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = r.Stop(ctx)
}

// until waits for what must come.
func (r *liveRig) until(tb testing.TB, what string, cond func() bool) {
	tb.Helper()
	limit := time.After(livePatience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-limit:
			tb.Fatalf("waited for this in vain: %s: %+v\n%s", what, r.Status(), r.log)
		}
	}
}

// sums are a rig's counters over all sources.
type sums struct {
	received, filtered, kernelDropped uint64
	captured, acked, logDropped       uint64
}

// radios counts what the sockets have; it asks the kernel.
func (r *liveRig) radios() (s sums) {
	for _, src := range r.shared.sources {
		if live := src.engine.live(); live != nil {
			st := live.Stats()
			s.received += st.Received
			s.filtered += st.Filtered + st.UserFiltered
			s.kernelDropped += st.KernelDropped
		}
	}
	return s
}

// logs counts what the frame logs have.
func (r *liveRig) logs() (s sums) {
	for _, src := range r.shared.sources {
		st := src.log.Stats()
		s.captured += st.Captured
		s.acked += st.Acked
		s.logDropped += st.Dropped
	}
	return s
}

// settle waits until so many frames have got as far as they will: filtered,
// dropped, or confirmed by the server.
func (r *liveRig) settle(tb testing.TB, frames int) sums {
	tb.Helper()
	var s sums
	r.until(tb, strconv.Itoa(frames)+" frames captured", func() bool {
		s = r.radios()
		return s.received+s.filtered+s.kernelDropped >= uint64(frames)
	})
	r.until(tb, "all frames confirmed", func() bool {
		l := r.logs()
		s.captured, s.acked, s.logDropped = l.captured, l.acked, l.logDropped
		return l.captured == s.received && l.acked+l.logDropped == l.captured
	})
	return s
}
