package replay

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/sensord/sensord/gps"
)

// A Player plays a log as if it were a live receiver.
type Player struct {
	file   string
	o      Options
	now    func() int64
	detail atomic.Pointer[string]
}

// New returns a Player of a file. now is CLOCK_BOOTTIME, ns.
func New(file string, o Options, now func() int64) *Player {
	return &Player{file: file, o: o, now: now}
}

// Run plays the log at its own pace and calls tell, from this goroutine, for
// every event. The first fix is told at once and is of now: ReceivedNs is when
// it is told, CLOCK_BOOTTIME, and TimeNs is moved by as much as makes the log
// begin now, by the system clock; what the log has of a receiver's latency
// stays. Fixes without a time come with the one before them, and a second after
// it in a log that has no times. Where the log's time jumps back, or ahead by
// more than ten minutes, the rest follows after a second. A log without dates
// begins today.
//
// At the end, Run tells a notice and one fix with gps.ModeNone, as a receiver
// does that lost its satellites, and is quiet until ctx is done. It returns
// ctx's error, or a *fault.Error with code gps.file if the log cannot be played
// at all. A log that is damaged further on ends there.
func (p *Player) Run(ctx context.Context, tell func(gps.Event)) error {
	defer p.say("")
	pace := pace{now: p.now}
	fixes, err := p.play(ctx, &pace, tell)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case fixes == 0:
		return err
	case err != nil:
		tell(gps.Notice{Text: "the log ends early: " + err.Error()})
	}
	if err := pace.wait(ctx, pace.lastDueNs+gapNs); err != nil {
		return err
	}
	p.say("ended")
	tell(gps.Notice{Text: "the log is at its end"})
	f := gps.NewFix()
	f.Mode, f.ReceivedNs = gps.ModeNone, p.now()
	tell(f)
	<-ctx.Done()
	return ctx.Err()
}

// play plays the log. It returns how many fixes were told, and an error if
// there were none.
func (p *Player) play(ctx context.Context, pace *pace, tell func(gps.Event)) (fixes int, err error) {
	o := p.o
	if o.StartDate.IsZero() {
		o.StartDate = time.Now()
	}
	err = readFile(ctx, p.file, o, func(e gps.Event) error {
		f, ok := e.(gps.Fix)
		if !ok {
			tell(e)
			return nil
		}
		due := pace.due(&f)
		if err := pace.wait(ctx, due); err != nil {
			return err
		}
		p.say(where(&f))
		f.ReceivedNs = p.now()
		if f.TimeNs != 0 {
			f.TimeNs += pace.shiftNs + time.Now().UnixNano() - f.ReceivedNs
		}
		tell(f)
		fixes++
		return nil
	})
	return fixes, err
}

// where says where in the log a fix stands.
func where(f *gps.Fix) string {
	if f.TimeNs == 0 {
		return "at a fix without a time"
	}
	return "at " + time.Unix(0, f.TimeNs).UTC().Format("2006-01-02 15:04:05")
}

// Object names the receiver in errors and in the status: "replay drive.nmea".
func (p *Player) Object() string { return "replay " + p.file }

// Detail says where in the log it is, by the log's own time: "at 2026-03-23
// 12:00:05", or "ended"; "" while nothing is played. Any goroutine may call it.
func (p *Player) Detail() string {
	if s := p.detail.Load(); s != nil {
		return *s
	}
	return ""
}

func (p *Player) say(detail string) { p.detail.Store(&detail) }

const (
	gapNs      = 1_000_000_000   // between fixes whose times do not say it
	backNs     = -10_000_000_000 // two devices may stand in another order than they speak
	maxPauseNs = 600_000_000_000 // a longer one is a clock that was set, or another drive
)

// A pace says when the fixes of a log are due.
type pace struct {
	now       func() int64
	began     bool
	anchored  bool  // shiftNs counts
	shiftNs   int64 // CLOCK_BOOTTIME minus the log's time
	lastNs    int64 // the log's time of the last fix
	lastDueNs int64 // when it was due, CLOCK_BOOTTIME
}

// due returns when a fix is due, CLOCK_BOOTTIME.
func (p *pace) due(f *gps.Fix) int64 {
	next := p.lastDueNs + gapNs
	if !p.began {
		p.began, next = true, p.now()
	}
	at := f.ReceivedNs
	if at == 0 {
		p.lastDueNs = next
		return next
	}
	step := at - p.lastNs
	if !p.anchored || step < backNs || step > maxPauseNs {
		p.anchored, p.shiftNs = true, next-at
	}
	p.lastNs, p.lastDueNs = at, at+p.shiftNs
	return p.lastDueNs
}

func (p *pace) wait(ctx context.Context, dueNs int64) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	d := time.Duration(dueNs - p.now())
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
