package bus

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/clock"
	"github.com/sensord/sensord/gps/fusion"
	"github.com/sensord/sensord/gps/gpstest"
)

// rigPlace is where one rig believes to be: what its navigator does.
type rigPlace struct {
	clock  *clock.Estimator
	filter *fusion.Filter
	track  *gps.Builder
	pace   *clock.Pace
}

func newRigPlace() *rigPlace {
	e := clock.NewEstimator(time.Time{})
	return &rigPlace{
		clock: e, filter: fusion.New(fusion.Options{}), pace: clock.NewPace(e, 3*time.Second),
		track: gps.NewBuilder(gps.TrackOptions{Predict: 3 * time.Second, LimitM: 100}),
	}
}

func (r *rigPlace) fix(f gps.Fix, now int64) {
	if !f.HasPosition() {
		r.filter.Add(f, now)
		return
	}
	if at, ok := r.clock.Place(f, 0); ok {
		r.pace.Came(f.Receiver, at)
		r.track.Add(r.filter.Add(f, at).Points)
	}
	r.track.SetPace(r.pace.Next(now))
}

// A radioLink is how messages come from one rig to the other.
type radioLink struct {
	scenario    string
	name        string
	least, most time.Duration // of what a message takes; none overtakes another
	rate        float64       // messages per second
	plain       bool          // the sender says no boot_ns
	step        time.Duration // the sender's clock is set by so much in the middle
	late        bool          // the follower takes messages for as old as they were when they were sent
	within      float64       // metres, RMSE beyond the leader's
}

// follows drives a leader, and grades where the two place frames. The machine of
// the leader was started a day before the follower's, and its clock is three
// hours fast.
func (l radioLink) follows(t *testing.T, seed uint64) (leader, follower gpstest.Grade, latency time.Duration) {
	t.Helper()
	s, _ := gpstest.Find(l.scenario)
	d := s.Drive(seed)
	rng := rand.New(rand.NewPCG(seed, 11))
	const apart = int64(24 * time.Hour)
	a, b := newRigPlace(), newRigPlace()
	now := d.BootNs
	there := func() int64 { return now - apart + int64(48*time.Hour) }
	f := newFollower(deafBus{}, "b", new(lineage), there, func() (int64, bool) { return now + d.OffsetNs(), true }, FollowOptions{From: Heard{Rig: "a"}})
	var onTheWay []Message // ArrivedNs by the leader's clock
	var frames []int64
	var ga, gb gpstest.Grader
	var sequence uint64
	publishAt, frameAt, lastArrival := d.BootNs, d.BootNs+int64(20*time.Second), int64(0)
	arrivals := d.Arrivals
	skew := 3 * time.Hour
	for ; now < d.EndNs(); now += int64(25 * time.Millisecond) {
		for ; len(arrivals) > 0 && arrivals[0].AtNs <= now; arrivals = arrivals[1:] {
			a.clock.SetSystem(clock.System{AtNs: now, OffsetNs: d.OffsetNs(), ErrorNs: 1e6, Synchronised: true})
			a.fix(arrivals[0].Fix, now)
		}
		if l.step != 0 && now > (d.BootNs+d.EndNs())/2 {
			skew = 3*time.Hour + l.step
		}
		at := now
		if newest, ok := a.track.Track().Ends(); ok {
			at = min(at, newest)
		}
		if p, ok := a.track.Track().At(at); ok && now >= publishAt {
			publishAt = now + int64(float64(time.Second)/l.rate)
			sequence++
			m := pb.FromPosition(p, at+d.OffsetNs()+int64(skew), now-at)
			m.Head = &pb.Head{Rig: "a", RigId: "1", Incarnation: 7, Sequence: sequence, SentNs: now + d.OffsetNs() + int64(skew)}
			if !l.plain {
				m.Head.BootNs = now
			}
			data, err := pb.Encode(m)
			if err != nil {
				t.Fatal(err)
			}
			takes := l.least + time.Duration(rng.Int64N(int64(l.most-l.least)+1))
			lastArrival = max(lastArrival, now+int64(takes))
			onTheWay = append(onTheWay, Message{Address: Address{Rig: "a", Kind: KindPosition}, Data: data, ArrivedNs: lastArrival})
		}
		for ; len(onTheWay) > 0 && onTheWay[0].ArrivedNs <= now; onTheWay = onTheWay[1:] {
			m := onTheWay[0]
			m.ArrivedNs += there() - now
			f.take(m, func(e gps.Event) {
				if fix, ok := e.(gps.Fix); ok {
					fix.Receiver = "bus"
					if l.late {
						fix.MeasuredNs = fix.ReceivedNs
					}
					b.fix(fix, there())
				}
			})
		}
		if now >= frameAt {
			frameAt += int64(170 * time.Millisecond)
			frames = append(frames, now)
			p, ok := a.track.Track().At(now - int64(time.Second)) // after a fix
			ga.Add(d.At(now-int64(time.Second)), p, ok)
		}
		for ; len(frames) > 0 && b.track.Track().Wait(frames[0]+there()-now, there()) == 0; frames = frames[1:] {
			p, ok := b.track.Track().At(frames[0] + there() - now)
			gb.Add(d.At(frames[0]), p, ok)
		}
	}
	usual, _, _ := b.clock.Latency("bus")
	return ga.Grade(), gb.Grade(), usual
}

// A rig that follows another at 108 km/h, that is 30 m in a second, puts its
// frames within metres, however its link delays what it hears and whatever time
// the other thinks it is; and its accuracy says so.
func TestFramesOfAFollowerAreWhereTheyWereHeard(t *testing.T) {
	const ms = time.Millisecond
	for _, l := range []radioLink{
		{scenario: "straight", name: "1 ms, 1 Hz", least: ms, most: ms, rate: 1, within: 1},
		{scenario: "straight", name: "50-300 ms, 1 Hz", least: 50 * ms, most: 300 * ms, rate: 1, within: 2.5},
		{scenario: "straight", name: "50-300 ms, 1 Hz, by a clock that is set back by 2 h", least: 50 * ms, most: 300 * ms, rate: 1, plain: true, step: -2 * time.Hour, within: 2.5},
		{scenario: "motorway", name: "50-300 ms, 1 Hz", least: 50 * ms, most: 300 * ms, rate: 1, within: 2.5},
		{scenario: "motorway", name: "50-300 ms, 10 Hz", least: 50 * ms, most: 300 * ms, rate: 10, within: 2.5},
		{scenario: "motorway", name: "1 ms-2 s, 1 Hz", least: ms, most: 2000 * ms, rate: 1, within: 4},
	} {
		t.Run(l.scenario+", "+l.name, func(t *testing.T) {
			t.Parallel()
			leader, follower, usual := l.follows(t, 1)
			t.Logf("RMSE %.2f m, of its leader %.2f m; P95 %.2f m, worst %.1f m, inside its accuracy %.2f, none %.3f, usually %v late",
				follower.RMSE, leader.RMSE, follower.P95, follower.Worst, follower.Inside, follower.None, usual.Round(ms))
			if follower.RMSE > leader.RMSE+l.within || follower.Inside < 0.8 || follower.None > 0.03 {
				t.Errorf("%+v, of the leader %+v", follower, leader)
			}
		})
	}
}

// What it is good for: by the arrival of what is heard, frames are behind.
func TestFramesByArrivalWouldBeBehind(t *testing.T) {
	_, follower, _ := radioLink{scenario: "straight", least: 50 * time.Millisecond, most: 300 * time.Millisecond, rate: 1, late: true}.follows(t, 1)
	if follower.RMSE < 5 {
		t.Errorf("%+v", follower)
	}
}

// deafBus hears nothing.
type deafBus struct{}

func (deafBus) Hear(Filter, func(Message)) (stop func()) { return func() {} }
func (deafBus) Refuse(Message, error)                    {}
func (deafBus) State() State                             { return State{Connected: true} }
