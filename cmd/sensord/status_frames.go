package main

import (
	"fmt"

	"github.com/sensord/sensord/web"
)

// channelsStatus is a radio's plan, and what came of it.
func channelsStatus(r *web.Radio) string {
	text := "stays, " + hopWords(r.Mode)
	if r.Hopping {
		text = fmt.Sprintf("%s, %s, %.1f hops/s, each within %s", plural(len(r.Channels), "channel", "channels"), hopWords(r.Mode), r.Rate, longText(r.Cycle))
	}
	if n := len(r.Refused); n > 0 {
		text += fmt.Sprintf(", %d refused", n)
	}
	text += ", " + plural(r.Transmitters, "transmitter", "transmitters")
	if r.KernelDropped > 0 {
		text += ", " + web.Grouped(r.KernelDropped) + " frames lost in the kernel"
	}
	return text
}

func hopWords(mode string) string {
	switch mode {
	case "server":
		return "by the server"
	case "local":
		return "by itself"
	case "split":
		return "shared among radios"
	case "adaptive":
		return "by itself, longer where there is more"
	}
	return "by its definition"
}

// framesStatus is how far frames have come; without a server, no further than
// here.
func framesStatus(f *web.Frames, sends bool) string {
	text := web.Grouped(f.Captured) + " captured" + withRate(f.CaptureRate)
	if f.Recovered > 0 {
		text += ", " + web.Grouped(f.Recovered) + " found on disk"
	}
	if !sends {
		return text
	}
	return text + fmt.Sprintf("; %s sent; %s acknowledged%s", web.Grouped(f.Sent), web.Grouped(f.Acked), withRate(f.AckRate))
}

// framesLeast is the same in the least room.
func framesLeast(f *web.Frames) string {
	rate := "captured " + web.Grouped(f.Captured)
	if f.CaptureRate != nil {
		rate = rateText(*f.CaptureRate)
	}
	waiting := web.Grouped(f.Waiting) + " waiting"
	if f.Oldest != nil {
		waiting += ", the oldest for " + longText(*f.Oldest)
	}
	return rate + "; " + waiting + "; " + web.Grouped(f.Dropped) + " dropped"
}

func withRate(perSecond *float64) string {
	if perSecond == nil {
		return ""
	}
	return ", " + rateText(*perSecond)
}

func waitingStatus(f *web.Frames) string {
	if f.Waiting == 0 {
		return "nothing"
	}
	text := web.Grouped(f.Waiting)
	if f.InFlight > 0 {
		text += ", " + web.Grouped(f.InFlight) + " on their way"
	}
	if f.OnDisk > 0 {
		text += fmt.Sprintf(", %s on disk (%s)", web.Grouped(f.OnDisk), sizeText(f.DiskBytes))
	}
	if f.Oldest != nil {
		text += ", the oldest unsent for " + longText(*f.Oldest)
	}
	return text
}

func droppedStatus(f *web.Frames) string {
	if f.Dropped == 0 {
		return "none"
	}
	text := countText(f.DroppedBy)
	if len(f.DroppedLately) > 0 {
		text += "; in the last minute " + countText(f.DroppedLately)
	}
	return text
}
