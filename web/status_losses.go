package web

import (
	"cmp"

	"github.com/sensord/sensord/internal/fault"
)

// losses are the reasons for which frames go, the worst first: whose problem that
// is, and what to do if it is not what its code says. What is not among them is a
// full log's.
var losses = []struct {
	reason, words string
	code          fault.Code
	remedy        string
}{
	{"disk", "nothing can be written to disk, and memory is full", fault.DiskFailed, ""},
	{"damaged", "what was on disk cannot be read any more", fault.SpoolDamaged, ""},
	{"newest", "memory and disk are full, and what comes is dropped", fault.LogFull, "bring the server back, or give spool: {size: …} more room"},
	{"memory", "memory is full", fault.LogFull, "bring the server back, and keep frames on disk: --spool DIR, or spool: {dir: DIR}"},
}

// rules are the reasons for which a spool gives up its oldest frames, as it was
// told to. What is heard meanwhile is kept.
var rules = []struct{ reason, words, remedy string }{
	{"size", "the spool is full", "bring the server back, or give spool: {size: …} more room"},
	{"age", "the spool keeps none that are older", "bring the server back, or give spool: {age: …} more time"},
}

// spared are the reasons by which none of what is heard now is lost: a zone hides
// it, it is old, or it was on disk before.
var spared = []string{ReasonPrivacy, "size", "age", "damaged"}

// count is how many frames were dropped for some reasons.
func count(dropped map[string]uint64, reasons ...string) (n uint64) {
	for _, reason := range reasons {
		n += dropped[reason]
	}
	return n
}

// lost is what was dropped, but for what a zone hid.
func (f *Frames) lost() uint64 { return f.Dropped - min(f.Dropped, f.DroppedBy[ReasonPrivacy]) }

// missed is what was dropped of what had just been heard.
func (f *Frames) missed() uint64 { return f.Dropped - min(f.Dropped, count(f.DroppedBy, spared...)) }

// losing reports whether as much of what is heard is lost as comes. Old frames
// that make room for it are none of that.
func (s *Source) losing() bool {
	f := &s.Frames
	return f.MissRate != nil && *f.MissRate > 0 && f.CaptureRate != nil && *f.MissRate >= *f.CaptureRate*allLost
}

// lostProblem is what was lost in the last minute other than by a rule, nil if
// that is nothing.
func (s *Source) lostProblem() *Problem {
	lately := s.Frames.DroppedLately
	var n uint64
	for _, lost := range lately {
		n += lost
	}
	if n -= count(lately, ReasonPrivacy, "size", "age"); n == 0 {
		return nil
	}
	code, words, remedy := fault.LogFull, "the log is full", ""
	for _, l := range losses {
		if lately[l.reason] > 0 {
			code, words, remedy = l.code, l.words, l.remedy
			break
		}
	}
	return &Problem{
		Code: string(code), Object: "source " + s.Name, Error: framesText(n) + " lost in the last minute: " + words,
		Remedy: cmp.Or(remedy, code.Remedy()), Exit: exitOf(code),
	}
}

// givenUp says how many of the oldest frames the spool gives up, of all sources
// together: it is one room.
func (s *Status) givenUp(found *problemList) {
	for _, rule := range rules {
		var n uint64
		var perSecond float64
		for i := range s.Sources {
			f := &s.Sources[i].Frames
			if f.DroppedLately[rule.reason] == 0 {
				continue
			}
			n += f.DroppedLately[rule.reason]
			if f.GiveUpRate != nil {
				perSecond += *f.GiveUpRate
			}
		}
		if n == 0 {
			continue
		}
		how := Grouped(n) + " in the last minute"
		if perSecond >= 1 {
			how = Grouped(uint64(perSecond+0.5)) + "/s"
		}
		found.add(nil, &Problem{
			Code: string(fault.LogFull), Error: "the oldest frames are given up: " + how + " (" + rule.words + ")",
			Remedy: rule.remedy, Exit: exitOf(fault.LogFull),
		}, false)
		return
	}
}
