package main

import (
	"fmt"

	"github.com/sensord/sensord/web"
)

func (t *totals) headline() string {
	switch {
	case t.Early && !t.Reset:
		return "ended early, before the reset"
	case t.Early:
		return "ended early"
	case t.Reset:
		return "a capture through a link that was reset"
	}
	return "a capture through a link"
}

// arrivedSpan says what the server's account is compared by.
func (t *totals) arrivedSpan(room int) span {
	switch {
	case t.Arrived == 0:
		return plain("")
	case t.Foreign > 0:
		return span{fmt.Sprintf("and %s that are not in the capture", web.Grouped(t.Foreign)), toneBad}
	case t.Disordered > 0:
		return span{fmt.Sprintf("%s of them out of order", web.Grouped(t.Disordered)), toneBad}
	}
	return plain(fitting(room, "in order, byte for byte, each with its time", "in order, byte for byte"))
}

func (t *totals) lostSpan() span {
	if t.Unconfirmed > 0 {
		return span{fmt.Sprintf("but %s were not confirmed", web.Grouped(t.Unconfirmed)), toneBad}
	}
	return plain("")
}

// resentText splits what was sent again into what the server had, and what the
// reset had destroyed on its way.
func (t *totals) resentText(room int) string {
	if t.Resent == 0 || t.Unconfirmed > 0 { // or it was to be sent again, and was not
		return ""
	}
	had := min(t.Duplicates, t.Resent)
	return fitting(room,
		fmt.Sprintf("%s had arrived before, %s were lost with the link", web.Grouped(had), web.Grouped(t.Resent-had)),
		fmt.Sprintf("%s had arrived, %s had not", web.Grouped(had), web.Grouped(t.Resent-had)))
}

func (t *totals) linksText(room int) string {
	if t.Protocol == "" {
		return ""
	}
	text := "over " + t.Protocol
	if t.Recovery == 0 {
		return text
	}
	return fitting(room, text+"; frames flowed again "+secondsText(t.Recovery)+" after the reset", text+", back after "+secondsText(t.Recovery))
}

func (t *totals) positionSpan(position string, room int) span {
	switch {
	case t.Misplaced > 0 && t.Moving:
		return span{fitting(room, web.Grouped(t.Misplaced)+" frames came with a wrong one, or without one",
			web.Grouped(t.Misplaced)+" frames came with a wrong one, or none"), toneBad}
	case t.Misplaced > 0:
		return span{fmt.Sprintf("%s frames came without it", web.Grouped(t.Misplaced)), toneBad}
	case t.Arrived == 0:
		return plain(orUnknown(position))
	case t.Moving:
		off := fmt.Sprintf("%.1f m from the truth on average, %.1f m at worst", t.mean(t.OffSumM), t.OffWorstM)
		return plain(fitting(room, "of every frame: "+off, off, fmt.Sprintf("%.1f m off on average, %.1f m at worst", t.mean(t.OffSumM), t.OffWorstM)))
	}
	return plain(position + " with every frame")
}

// accuracySpan holds what positions claim against the truth.
func (t *totals) accuracySpan(room int) span {
	claim, share := t.mean(t.ClaimSumM), 100*t.mean(float64(t.Within))
	return plain(fitting(room,
		fmt.Sprintf("%.1f m claimed on average, and %.3g %% of frames were as near", claim, share),
		fmt.Sprintf("%.1f m claimed, %.3g %% were as near", claim, share)))
}

// verdict is the last line.
func (t *totals) verdict() styledLine {
	switch err := t.err(); {
	case err != nil:
		return styledLine{{"  " + causeText(err), toneBad}}
	case t.Unconfirmed > 0:
		return styledLine{{"  everything arrived, and not everything was confirmed", toneBad}}
	case t.Captured == 0:
		return styledLine{{"  nothing was captured", toneWarn}}
	}
	return styledLine{{"  nothing was lost", toneGood}}
}

func verdictTone(good bool) tone {
	if good {
		return toneGood
	}
	return toneBad
}
