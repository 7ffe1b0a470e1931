package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/web"
)

const (
	viewMost    = 100 // columns: wider lines are hard to read
	viewMargin  = 2   // columns, on both sides
	labelWidth  = 16
	numberWidth = 9
	liveEvents  = 6
)

// live is the view of a demo that runs. It is at most 22 lines, and at most
// width columns where width is at least 60.
func (s *snapshot) live(width int, st style) []styledLine {
	width = min(width, viewMost) - viewMargin
	lines := []styledLine{
		{{"sensord demo", toneStrong}, {"   " + fitting(width-15, "a replayed capture on its way to a Kismet server", "a capture on its way to Kismet"), toneFaint}},
		nil,
		spread(width, row("capture", plain(s.Source)), captureSpan(s.Capture)),
		row("captured", number(s.Captured), plain(rateText(s.CaptureRate))),
		s.positionLine(width),
		nil,
		spread(width, row("link", plain(s.Address)), linkSpan(s.Link)),
		row("protocol", plain(s.protocolText())),
		row("acknowledged", number(s.Acked), s.waitingSpan()),
		nil,
		spread(width, row("server", plain(s.Server)), s.missingSpan()),
		row("arrived", number(s.Tally.Arrived), plain(rateText(s.ArrivalRate)), span{repeatedText(s.Tally.Duplicates), toneFaint}),
		row("arriving", s.flowSpan(s.Flow, 1, width, st)),
	}
	lines = append(lines, eventLines(s.Events, liveEvents)...)
	return append(lines, nil, s.progress(width, st))
}

// final is the view of a demo that has ended.
func (s *snapshot) final(t totals, width int, st style) []styledLine {
	width = min(width, viewMost) - viewMargin
	whole, steps := shrunk(s.Flow, width-labelWidth)
	room := width - labelWidth - numberWidth - 2
	lines := []styledLine{
		{{"sensord demo", toneStrong}, {"   " + t.headline(), toneFaint}},
		nil,
		row("captured", number(t.Captured), plain("frames of "+s.Source+" in "+secondsText(t.Took))),
		row("arrived", number(t.Arrived), t.arrivedSpan(room)),
		row("lost", span{fmt.Sprintf("%*s", numberWidth, web.Grouped(t.Lost)), verdictTone(t.Lost == 0)}, t.lostSpan()),
		row("sent again", number(t.Resent), plain(t.resentText(room))),
		row("links", number(t.Links), plain(t.linksText(room))),
		row("position", t.positionSpan(s.Position, width-labelWidth)),
	}
	if t.Moving && t.Placed > 0 {
		lines = append(lines, row("accuracy", t.accuracySpan(width-labelWidth)))
	}
	lines = append(lines,
		nil,
		row("arriving", s.flowSpan(whole, steps, width, st)),
	)
	lines = append(lines, eventLines(s.Events, liveEvents)...)
	return append(lines, nil, t.verdict())
}

// positionLine is where the newest frame was heard that arrived, and how the
// sensor moved then.
func (s *snapshot) positionLine(width int) styledLine {
	left := row("position", plain(orUnknown(s.Position)))
	g := s.Tally.Last
	if g.Fix == 0 {
		return left
	}
	within := fmt.Sprintf("within %.1f m", g.Precision)
	return spread(width, left, plain(fitting(width-left.width()-1,
		fmt.Sprintf("%.0f km/h towards %.0f, %s", g.SpeedKMH, math.Mod(math.Round(g.Heading), 360), within),
		fmt.Sprintf("%.0f km/h, %s", g.SpeedKMH, within), within)))
}

// line is a running demo in one line, for whoever reads no terminal.
func (s *snapshot) line() styledLine {
	state := linkSpan(s.Link)
	if s.Protocol != "" {
		state.text += ", " + s.Protocol
	}
	at := orUnknown(s.Position)
	if g := s.Tally.Last; g.Fix > 0 {
		at += fmt.Sprintf(", %.0f km/h, within %.1f m", g.SpeedKMH, g.Precision)
	}
	twice := ""
	if s.Tally.Duplicates > 0 {
		twice = ", " + repeatedText(s.Tally.Duplicates)
	}
	return styledLine{
		{fmt.Sprintf("  %7s  ", clockText(s.Elapsed)), toneFaint},
		plain(fmt.Sprintf("captured %s, %s", web.Grouped(s.Captured), rateText(s.CaptureRate))),
		plain(" | "), state,
		plain(fmt.Sprintf(", acknowledged %s", web.Grouped(s.Acked))),
		plain(fmt.Sprintf(" | arrived %s%s", web.Grouped(s.Tally.Arrived), twice)),
		plain(" | at " + at),
	}
}

func (e event) line() styledLine {
	at := fmt.Sprintf("%d:%04.1f", int(e.At/time.Minute), math.Floor((e.At%time.Minute).Seconds()*10)/10)
	return styledLine{{fmt.Sprintf("  %7s  ", at), toneFaint}, {e.Text, e.Tone}}
}

// eventLines shows the newest events, if there are any, below an empty line.
func eventLines(events []event, most int) []styledLine {
	if len(events) == 0 {
		return nil
	}
	lines := []styledLine{nil}
	for _, e := range events[max(0, len(events)-most):] {
		lines = append(lines, e.line())
	}
	return lines
}

// fitting returns the first of the texts that is short enough, or the last.
func fitting(width int, texts ...string) string {
	for _, text := range texts {
		if utf8.RuneCountInString(text) <= width {
			return text
		}
	}
	return texts[len(texts)-1]
}

func plain(text string) span { return span{text: text} }

func number(n uint64) span { return span{fmt.Sprintf("%*s", numberWidth, web.Grouped(n)), toneStrong} }

// row is a label and what stands beside it.
func row(label string, spans ...span) styledLine {
	line := styledLine{{fmt.Sprintf("  %-*s", labelWidth-2, label), toneFaint}}
	for i, s := range spans {
		if i > 0 && s.text != "" {
			s.text = "  " + s.text
		}
		line = append(line, s)
	}
	return line
}

// spread puts a span at the right end of a line, which is cut to make room.
func spread(width int, left styledLine, right span) styledLine {
	room := width - styledLine{right}.width() - 1
	for i := range left {
		text := []rune(left[i].text)
		text = text[:min(len(text), max(room, 0))]
		left[i].text = string(text)
		room -= len(text)
	}
	return append(left, plain(strings.Repeat(" ", max(room, 0)+1)), right)
}

func captureSpan(c actors.CaptureState) span {
	if c == actors.CaptureFailed {
		return span{c.String(), toneBad}
	}
	return span{c.String(), toneGood}
}

func linkSpan(l actors.LinkState) span {
	switch l {
	case actors.LinkStreaming, actors.LinkFinished:
		return span{l.String(), toneGood}
	case actors.LinkGaveUp:
		return span{l.String(), toneBad}
	case actors.LinkWaiting:
		return span{"lost, tries again", toneWarn}
	}
	return span{l.String(), toneWarn}
}

func (s *snapshot) protocolText() string {
	if s.Protocol == "" {
		return "not known yet"
	}
	text := fmt.Sprintf("%s, link %d", s.Protocol, s.Links)
	if s.RoundTrip > 0 {
		text += ", round trip " + roundTripText(s.RoundTrip)
	}
	return text
}

func roundTripText(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000)
}

func (s *snapshot) waitingSpan() span {
	if s.Waiting == 0 {
		return span{"nothing waits", toneFaint}
	}
	text := fmt.Sprintf("%s wait, %s of them on their way", web.Grouped(s.Waiting), web.Grouped(s.InFlight))
	switch s.InFlight {
	case 0:
		text = web.Grouped(s.Waiting) + " wait"
	case s.Waiting:
		text = web.Grouped(s.Waiting) + " on their way"
	}
	if s.Link == actors.LinkStreaming {
		return span{text, toneFaint}
	}
	return span{text, toneWarn}
}

func (s *snapshot) missingSpan() span {
	if n := s.Tally.missing(); n > 0 {
		return span{web.Grouped(n) + " missing", toneBad}
	}
	if s.Tally.Foreign+s.Tally.Disordered+s.Tally.Misplaced > 0 {
		return span{"not as captured", toneBad}
	}
	return span{"nothing missing", toneGood}
}

// repeatedText is empty while nothing came twice.
func repeatedText(n uint64) string {
	if n == 0 {
		return ""
	}
	return web.Grouped(n) + " twice"
}

// rateText is a rate to about one percent: what differs from moment to moment
// does not matter.
func rateText(perSecond float64) string {
	unit := 1.0
	for perSecond/unit >= 100 {
		unit *= 10
	}
	return web.Grouped(uint64(math.Round(max(perSecond, 0)/unit)*unit)) + "/s"
}

func orUnknown(text string) string {
	if text == "" {
		return "not known yet"
	}
	return text
}

// flowSpan draws the newest part of a flow of which each column stands for so
// many flowSteps. The usual rate is half as high as there is room.
func (s *snapshot) flowSpan(flow []uint64, steps, width int, st style) span {
	heights := []rune(" .:-=+*#@")
	if st.utf8 {
		heights = []rune(" ▁▂▃▄▅▆▇█")
	}
	top := len(heights) - 1
	full := 2 * s.Usual * flowStep.Seconds() * float64(steps)
	var b strings.Builder
	for _, n := range flow[max(0, len(flow)-max(width-labelWidth, 0)):] {
		share := float64(n) / full
		if share > 0.4 && share < 0.6 {
			share = 0.5 // a little more or less is usual
		}
		b.WriteRune(heights[min(int(math.Ceil(share*float64(top))), top)])
	}
	return span{b.String(), toneGood}
}

// shrunk joins the columns of a flow until they fit into a width. steps is how
// many each stands for, the last one too where fewer went into it.
func shrunk(flow []uint64, width int) (joined []uint64, steps int) {
	steps = max(1, (len(flow)+width-1)/max(width, 1))
	for part := range slices.Chunk(flow, steps) {
		sum := uint64(0)
		for _, n := range part {
			sum += n
		}
		joined = append(joined, sum*uint64(steps)/uint64(len(part)))
	}
	return joined, steps
}

// progress is the bar at the foot of the view.
func (s *snapshot) progress(width int, st style) styledLine {
	text := fmt.Sprintf("%s of %s", clockText(min(s.Elapsed, s.Length)), clockText(s.Length))
	room := max(width-len(text)-5, 0)
	done := int(float64(room) * min(float64(s.Elapsed)/float64(max(s.Length, 1)), 1))
	past, rest := "=", "-"
	if st.utf8 {
		past, rest = "━", "─"
	}
	return styledLine{
		{"  " + strings.Repeat(past, done), toneGood}, {strings.Repeat(rest, room-done), toneFaint}, {"  " + text, tonePlain},
	}
}
