package bus

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/gps"
)

// Heard is whose position is meant: a rig's own, a meta GPS of any rig, or that
// of one rig.
type Heard struct {
	Rig     string // token; "" only with MetaGPS
	MetaGPS string // token; "" is the rig's own position
}

// String says it for people: "rover-1", "metagps phone", "metagps phone of rover-1".
func (h Heard) String() string {
	switch {
	case h.MetaGPS == "":
		return h.Rig
	case h.Rig == "":
		return "metagps " + h.MetaGPS
	}
	return "metagps " + h.MetaGPS + " of " + h.Rig
}

// FollowOptions say whom to follow.
type FollowOptions struct {
	From   Heard
	Expire time.Duration // an older position is none; 0 is DefaultExpire
	HandOn bool          // positions go to others, and never become this rig's: a bridge's
	Log    *slog.Logger  // nil is none
}

// DefaultExpire is for how long a followed position is good.
const DefaultExpire = 10 * time.Second

// AssumedAccuracyM is the 95 % radius of a position that came without one, as
// that of a posted position.
const AssumedAccuracyM = 20

// A Follower is a receiver of another's position. Its methods may be called from
// any goroutine, but only one Run at a time.
//
// A fix says when it was measured by this machine's CLOCK_BOOTTIME: by how old
// it was when it was sent, which its sender has counted, and by how late it
// came, which a senderClock tells. So it is of no importance what time it is,
// here or there. Its accuracy is the sender's, and what the speed makes of the
// error of that time. It has no TimeNs: who hears of a position is not to learn
// the time from it.
type Follower struct {
	o     FollowOptions
	bus   followBus
	self  string // the rig's name, a token
	now   func() int64
	utc   func() (ns int64, known bool)
	kin   *lineage
	bell  chan struct{} // has a value while something waits
	line  line          // of Run's goroutine, as the next two
	loop  loop
	saids saids

	mu      sync.Mutex
	waiting []Message
	stat    followed
}

// followBus is what a Follower needs of a bus.
type followBus interface {
	Hear(f Filter, heard func(Message)) (stop func())
	Refuse(m Message, why error)
	State() State
}

// followed is what a Follower knows of the last position, for others.
type followed struct {
	count      uint64
	from       string // the rig that said it
	position   gps.Position
	measuredNs int64
	lateNs     int64
	skew       time.Duration // by which the sender's clock is ahead, if that is much
}

// maxUntaken is how many messages wait for a Run that is late; then the oldest
// go.
const maxUntaken = 64

// Follow returns a receiver of what others say on the bus. Its Run hears it.
func (b *Bus) Follow(o FollowOptions) *Follower {
	return newFollower(b, b.o.Rig, &b.kin, b.o.Now, b.o.UTC, o)
}

func newFollower(h followBus, self string, kin *lineage, now func() int64, utc func() (int64, bool), o FollowOptions) *Follower {
	if o.Expire <= 0 {
		o.Expire = DefaultExpire
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Follower{o: o, bus: h, self: self, kin: kin, now: now, utc: utc, bell: make(chan struct{}, 1)}
}

// Run tells a fix for each position that comes, and one without a position when
// the last has expired, until ctx is done; it returns ctx's error. tell is
// called from Run's goroutine.
func (f *Follower) Run(ctx context.Context, tell func(gps.Event)) error {
	filter := Filter{Kind: KindPosition, Rig: f.o.From.Rig}
	if f.o.From.MetaGPS != "" {
		filter = Filter{Kind: KindMetaGPS, Rig: f.o.From.Rig, Name: f.o.From.MetaGPS}
	}
	if filter.Rig == "" {
		filter.Rig = Any
	}
	defer f.bus.Hear(filter, f.hear)()
	expire := time.NewTimer(math.MaxInt64)
	defer expire.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-f.bell:
			for _, m := range f.untaken() {
				if f.take(m, tell) {
					expire.Reset(f.left())
				}
			}
		case <-expire.C:
			none := gps.NewFix()
			none.Mode, none.ReceivedNs = gps.ModeNone, f.now()
			tell(none)
		}
	}
}

// hear keeps a message for Run.
func (f *Follower) hear(m Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.waiting) == maxUntaken {
		f.waiting = slices.Delete(f.waiting, 0, 1)
	}
	f.waiting = append(f.waiting, m)
	select {
	case f.bell <- struct{}{}:
	default:
	}
}

func (f *Follower) untaken() []Message {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.waiting
	f.waiting = nil
	return list
}

// left is for how much longer the last position is good.
func (f *Follower) left() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return max(0, f.o.Expire-time.Duration(f.now()-f.stat.measuredNs))
}

// Object names the receiver in errors and in the status: "bus rover-1".
func (f *Follower) Object() string { return "bus " + f.o.From.String() }

// Detail says how many positions there were, and of what kind.
func (f *Follower) Detail() string {
	connected := f.bus.State().Connected
	f.mu.Lock()
	s := f.stat
	f.mu.Unlock()
	text := "no position yet"
	if s.count > 0 {
		text = fmt.Sprintf("%d heard, the last from %s and %v late", s.count, s.from, time.Duration(s.lateNs).Round(time.Millisecond))
	}
	if s.skew != 0 {
		text += fmt.Sprintf(", whose clock is off by %v", s.skew.Round(time.Second))
	}
	if !connected {
		text += "; the bus is not connected"
	}
	return text
}

// ahead is for how long a position is moved on with its speed.
const ahead = 3 * time.Second

// Position returns where it is now, for those who have no track of their own:
// the last position, moved on with its speed for up to 3 s, and false once it
// has expired. nowNs is CLOCK_BOOTTIME.
func (f *Follower) Position(nowNs int64) (gps.Position, bool) {
	f.mu.Lock()
	p, count, age := f.stat.position, f.stat.count, time.Duration(nowNs-f.stat.measuredNs)
	f.mu.Unlock()
	if count == 0 || age > f.o.Expire {
		return gps.Position{}, false
	}
	way := p.SpeedMPS * min(max(age, 0), ahead).Seconds()
	if way > 0 && !math.IsNaN(p.Heading) { // not NaN
		sin, cos := math.Sincos(p.Heading * math.Pi / 180)
		plane := gps.NewPlane(gps.LLA{Lat: p.Lat, Lon: p.Lon})
		p.Lat, p.Lon = plane.Ground(way*sin, way*cos)
	}
	return p, true
}

// A heard is a position on its way to be a fix.
type heard struct {
	head    *pb.Head
	follows []string
	fix     gps.Fix
	place   gps.Position
	timeNs  int64 // UTC of the measurement, as it was said; 0 is not said
	ageNs   int64 // when it was sent
}

// read decodes a message of either kind.
func read(m Message) (heard, error) {
	if m.Kind == KindMetaGPS {
		p, err := pb.DecodeMetaGPS(m.Data)
		if err != nil {
			return heard{}, err
		}
		return heard{p.GetHead(), p.GetFollows(), p.ToFix(m.ArrivedNs), p.ToPosition(), p.GetTimeNs(), p.GetAgeNs()}, nil
	}
	p, err := pb.DecodePosition(m.Data)
	if err != nil {
		return heard{}, err
	}
	return heard{p.GetHead(), p.GetFollows(), p.ToFix(m.ArrivedNs), p.ToPosition(), p.GetTimeNs(), p.GetAgeNs()}, nil
}
