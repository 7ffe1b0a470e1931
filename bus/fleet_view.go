package bus

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/internal/fault"
)

// View is the fleet at a moment. The caller owns it.
func (f *Fleet) View(at time.Time) FleetView {
	skew := f.skew()
	v := FleetView{
		Time: fleetTime(at.UnixNano()), Fleet: f.name, Refused: f.refused,
		Bus: FleetBus{Connected: !f.joined.IsZero(), Server: f.server}, Alarms: []FleetAlarm{}, Rigs: []FleetRig{}, MetaGPS: []FleetMeta{},
		Events: append([]FleetEvent{}, f.events[max(0, len(f.events)-fleetMaxEvents):]...),
	}
	if f.err != nil {
		v.Bus.Code, v.Bus.Error, v.Bus.Remedy = string(fault.CodeOf(f.err)), harmlessText(f.err.Error(), pb.MaxText), fault.RemedyOf(f.err)
	}
	for _, name := range slices.Sorted(maps.Keys(f.rigs)) {
		v.Rigs = append(v.Rigs, f.look(f.rigs[name], skew, at))
	}
	claims(v.Rigs)
	for i := range v.Rigs {
		f.settle(&v.Rigs[i])
	}
	slices.SortStableFunc(v.Rigs, func(a, b FleetRig) int { return a.rank() - b.rank() })
	for key, h := range f.meta {
		p := h.place
		p.Age = *secondsSince(h.at.Add(-h.age), at)
		v.MetaGPS = append(v.MetaGPS, FleetMeta{Name: key.name, Rig: key.rig, Position: p, Changed: h.changed})
	}
	slices.SortFunc(v.MetaGPS, func(a, b FleetMeta) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Rig, b.Rig))
	})
	if skew != 0 {
		v.Alarms = append(v.Alarms, FleetAlarm{
			Code: string(fault.BusUntimely), Object: "clock", Harmless: true,
			Error:  fmt.Sprintf("this machine's differs from that of most rigs by %s", spanWords(skew.Abs())),
			Remedy: "start an NTP client here",
		})
	}
	if !f.overflow.IsZero() && at.Sub(f.overflow) < time.Minute {
		v.Alarms = append(v.Alarms, FleetAlarm{
			Code: string(fault.BusFlood), Object: "bus", Error: "more comes than is taken here, and some of it is lost", Remedy: fault.BusFlood.Remedy(), Harmless: true,
		})
	}
	v.judge(f, at)
	return v
}

// look is a rig at a moment.
func (f *Fleet) look(r *rigHeard, skew time.Duration, at time.Time) FleetRig {
	g := r.status
	g.Presence = f.presence(r, at)
	g.Sources, g.Receivers = slices.Clone(r.status.Sources), slices.Clone(r.status.Receivers)
	if g.Sources == nil {
		g.Sources = []FleetSource{}
	}
	if g.Receivers == nil {
		g.Receivers = []FleetReceiver{}
	}
	g.Alarms = f.alarms(r, g.Presence, skew, at)
	g.Heard = secondsSince(r.heard, at)
	if !r.reported.IsZero() {
		g.Reported = secondsSince(r.reported, at)
	}
	if r.place != nil {
		p := *r.place
		p.Age = *secondsSince(r.placeAt.Add(-r.placeAge), at)
		g.Position = &p
	}
	if offset, known := r.clock.offset(); known {
		g.ClockOffset = rounded(offset.Seconds(), 3)
	}
	return g
}

// settle brings a rig's alarms into order, and notices whether what it says of
// the rig is new.
func (f *Fleet) settle(g *FleetRig) {
	slices.SortStableFunc(g.Alarms, func(a, b FleetAlarm) int { return a.rank() - b.rank() })
	r := f.rigs[g.Name]
	var b strings.Builder
	b.WriteString(string(g.Presence))
	for i := range g.Alarms {
		b.WriteString("\n" + g.Alarms[i].Text())
	}
	if shown := b.String(); shown != r.shown {
		r.shown = shown
		f.change(&r.changed)
	}
	g.Changed = r.changed
}

func (a *FleetAlarm) rank() int {
	switch {
	case a.Bad:
		return 0
	case !a.Harmless:
		return 1
	}
	return 2
}

// Text is an alarm in words.
func (a *FleetAlarm) Text() string {
	text := a.Error
	if a.Object != "" {
		text = a.Object + ": " + text
	}
	if a.Source != "" && !strings.Contains(a.Object, a.Source) {
		text = a.Source + ": " + text
	}
	return text
}

// rank is a rig's place in the order: what is worst comes first.
func (g *FleetRig) rank() int {
	worst := 2
	if len(g.Alarms) > 0 {
		worst = g.Alarms[0].rank()
	}
	switch g.Presence {
	case PresenceExpected:
		return max(worst, 2) + 1
	case PresenceLeft:
		return 4
	case PresenceGone:
		return 5
	}
	return worst
}

// Bad reports whether the rig is silent, or records nothing.
func (g *FleetRig) Bad() bool { return len(g.Alarms) > 0 && g.Alarms[0].Bad }

// Alarmed reports whether something is wrong with the rig that is not harmless.
func (g *FleetRig) Alarmed() bool { return len(g.Alarms) > 0 && !g.Alarms[0].Harmless }

// judge answers "is everybody all right?" from the rigs, which are in order.
func (v *FleetView) judge(f *Fleet, at time.Time) {
	c := &v.Count
	bad, expected, frames := 0, 0, 0.0
	for i := range v.Rigs {
		g := &v.Rigs[i]
		switch g.Presence {
		case PresenceLeft:
			c.Left++
			continue
		case PresenceGone:
			c.Gone++
			continue
		case PresenceExpected:
			expected++
		case PresenceSilent:
			c.Silent++
		case PresenceHeard:
			c.Heard++
			c.Sources += len(g.Sources)
			if g.State == stateRecording || g.State == stateImpaired {
				c.Recording++
			}
			for j := range g.Sources {
				if rate := g.Sources[j].CaptureRate; rate != nil {
					frames += *rate
					c.Frames = rounded(frames, 1)
				}
			}
		}
		c.Rigs++
		if g.Alarmed() && g.Presence != PresenceExpected {
			c.Alarmed++
		}
		if g.Bad() && g.Presence != PresenceExpected {
			bad++
		}
	}
	v.State, v.Sentence, v.Remedy = f.answer(v, bad, expected, at)
}

func (f *Fleet) answer(v *FleetView, bad, expected int, at time.Time) (FleetState, string, string) {
	c := &v.Count
	switch {
	case !v.Bus.Connected && v.Bus.Error == "":
		return FleetDisconnected, "CONNECTING: no answer from the bus yet", ""
	case !v.Bus.Connected:
		return FleetDisconnected, "NOT CONNECTED: " + v.Bus.Error, v.Bus.Remedy
	case c.Rigs == 0 && len(v.Rigs) == 0 && !f.Settled(at):
		return FleetStarting, "LISTENING: no rig of fleet " + strconv.Quote(v.Fleet) + " has been heard yet", ""
	case c.Rigs == 0:
		return FleetNobody, "NOBODY: " + nobodyWhy(v), "see whether rigs have a bus: in their configuration, and this fleet: sensord status there"
	case bad > 0:
		return FleetWrong, "NOT ALL RIGHT: " + ofRigs(bad, c.Rigs) + v.Rigs[0].trouble(), v.Rigs[0].Alarms[0].Remedy
	case expected > 0:
		return FleetStarting, fmt.Sprintf("LISTENING: %d of %s heard so far", c.Heard+c.Silent, rigsWords(c.Rigs)), ""
	case c.Alarmed > 0:
		return FleetImpaired, "ALL RIGHT, BUT " + ofRigs(c.Alarmed, c.Rigs) + v.Rigs[0].trouble(), v.Rigs[0].Alarms[0].Remedy
	}
	return FleetRight, "ALL RIGHT: " + v.allWords(), ""
}

func nobodyWhy(v *FleetView) string {
	var parts []string
	if n := v.Count.Left; n > 0 {
		parts = append(parts, rigsWords(n)+" ended in order")
	}
	if n := v.Count.Gone; n > 0 {
		parts = append(parts, rigsWords(n)+" silent for more than a day")
	}
	if len(parts) == 0 {
		return "no rig of fleet " + strconv.Quote(v.Fleet) + " is heard"
	}
	return strings.Join(parts, ", ")
}

// trouble is a rig's worst alarm, in words.
func (g *FleetRig) trouble() string { return g.Name + ": " + g.Alarms[0].Text() }

// ofRigs says how many, where that is not clear.
func ofRigs(n, all int) string {
	if all == 1 {
		return ""
	}
	return fmt.Sprintf("%d of %s: ", n, rigsWords(all))
}

func rigsWords(n int) string {
	if n == 1 {
		return "1 rig"
	}
	return fmt.Sprintf("%d rigs", n)
}

// allWords is what is all right.
func (v *FleetView) allWords() string {
	c := &v.Count
	text := rigsWords(c.Rigs)
	switch c.Sources {
	case 0:
	case 1:
		text += ", 1 source"
	default:
		text += fmt.Sprintf(", %d sources", c.Sources)
	}
	switch {
	case c.Recording == c.Rigs:
		text += ", recording"
	case c.Recording > 0:
		text += fmt.Sprintf(", %d recording", c.Recording)
	}
	return text
}
