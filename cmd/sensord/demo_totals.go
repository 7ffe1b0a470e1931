package main

import "fmt"

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
		return span{fmt.Sprintf("and %s that are not in the capture", grouped(t.Foreign)), toneBad}
	case t.Disordered > 0:
		return span{fmt.Sprintf("%s of them out of order", grouped(t.Disordered)), toneBad}
	}
	return plain(fitting(room, "in order, byte for byte, each with its time", "in order, byte for byte"))
}

func (t *totals) lostSpan() span {
	if t.Unconfirmed > 0 {
		return span{fmt.Sprintf("but %s were not confirmed", grouped(t.Unconfirmed)), toneBad}
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
		fmt.Sprintf("%s had arrived before, %s were lost with the link", grouped(had), grouped(t.Resent-had)),
		fmt.Sprintf("%s had arrived, %s had not", grouped(had), grouped(t.Resent-had)))
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

func (t *totals) positionSpan(position string) span {
	switch {
	case t.Misplaced > 0:
		return span{fmt.Sprintf("%s frames came without it", grouped(t.Misplaced)), toneBad}
	case t.Arrived == 0:
		return plain(orUnknown(position))
	}
	return plain(position + " with every frame")
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
