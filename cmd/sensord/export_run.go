package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/pcapfile"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/frames"
)

// An exporter takes frames from feeds to a sink, and counts.
type exporter struct {
	errs         io.Writer
	sink         sink
	zones        []gps.Zone
	fromNs, toNs int64 // what is before, and from then on, is left out
	names        map[capture.UUID]string

	written, placed uint64
	hidden, early   uint64 // left out: for a zone, and for their time
	firstNs, lastNs int64
	incomplete      bool // something could not be read
	read            bool // something could
}

var (
	errExportInterrupted = errors.New("export: interrupted")
	errExportNothing     = errors.New("export: nothing can be read")
)

// run exports and says what became of it.
func (x *exporter) run(ctx context.Context, feeds []frameFeed, out *exportOutput) error {
	var err, drained error
	done := make(chan struct{})
	go func() {
		defer close(done)
		drained = x.drain(ctx, feeds)
	}()
	select {
	case <-done:
		err = drained
	case <-ctx.Done():
		err = errExportInterrupted
		select {
		case <-done:
		case <-time.After(time.Second): // a pipe that says nothing, or has no writer
		}
	}
	switch {
	case err != nil:
	case x.incomplete && !x.read: // no reason to replace a file that is there
		err = errExportNothing
	default:
		err = x.sink.close()
	}
	switch err = out.finish(err); {
	case errors.Is(err, errExportNothing):
		_, _ = io.WriteString(x.errs, "sensord: nothing can be read, nothing is written\n")
		return reported{fault.ExitIncomplete}
	case err != nil:
		return err
	}
	_, _ = io.WriteString(x.errs, x.summary())
	if x.incomplete {
		return reported{fault.ExitIncomplete}
	}
	return nil
}

func (x *exporter) drain(ctx context.Context, feeds []frameFeed) error {
	screen := frames.NewScreen(x.zones)
	for _, f := range feeds {
		if f.begins {
			screen = frames.NewScreen(x.zones) // the last position of another drive proves nothing
		}
		some := false
		for l, err := range f.frames {
			switch {
			case ctx.Err() != nil:
				return errExportInterrupted
			case err != nil:
				x.unreadable(f, err, some)
				continue
			}
			some, x.read = true, true
			if _, ok := x.names[l.Source]; !ok {
				x.names[l.Source] = f.name(l.Source)
			}
			if err := x.add(screen, l); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *exporter) add(screen *frames.Screen, l *frames.Located) error {
	shown := screen.Shows(l) // which has to see what is left out for its time, too
	switch {
	case l.TimeNs < x.fromNs || l.TimeNs >= x.toNs:
		x.early++
		return nil
	case !shown:
		x.hidden++
		return nil
	}
	if x.written == 0 || l.TimeNs < x.firstNs {
		x.firstNs = l.TimeNs
	}
	x.lastNs = max(x.lastNs, l.TimeNs)
	x.written++
	if l.HasPosition {
		x.placed++
	}
	return x.sink.add(l)
}

// unreadable tells of what could not be read, and that the rest goes on. Of a
// recording that is still written, or was cut, a torn end is no loss. Some says
// whether there were frames before.
func (x *exporter) unreadable(f frameFeed, err error, some bool) {
	if f.part && torn(f.path, err, some) {
		writeMessage(x.errs, f.object+": it was not closed; read to its last whole frame", "")
		return
	}
	x.incomplete = true
	remedy := fault.RemedyOf(err)
	if fault.CodeOf(err) == fault.SourceCorrupt {
		remedy = "name a spool directory, or a pcap or pcapng file"
		switch {
		case f.part:
			remedy = "everything before the damage is exported; record into its directory as the same rig, which makes it whole, then export it again"
		case some:
			remedy = "everything before the damage is exported"
		}
	}
	writeMessage(x.errs, err.Error(), remedy)
}

// torn reports whether an error is of the end of a recording that was not
// closed, or of one that has hardly begun. Behind other damages, as the loss of
// power leaves them, there may be frames.
func torn(path string, err error, some bool) bool {
	const head = 4 << 10 // what is described before the first frame is shorter
	if fault.CodeOf(err) != fault.SourceCorrupt {
		return false
	}
	if pcapfile.IsCut(err) {
		return true
	}
	info, statErr := os.Stat(path)
	return !some && statErr == nil && info.Size() <= head
}

func writeMessage(w io.Writer, what, remedy string) {
	var b strings.Builder
	writeLines(&b, "sensord: warning: ", what, remedy)
	_, _ = io.WriteString(w, b.String())
}

// name returns a source's, for the sink.
func (x *exporter) name(u capture.UUID) string { return x.names[u] }

func (x *exporter) summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "sensord: %s", plural(whole(x.written), "frame", "frames"))
	if x.written > 0 {
		fmt.Fprintf(&b, " of %s, %d with a position, heard from %s to %s",
			plural(len(x.names), "source", "sources"), x.placed, momentText(x.firstNs), momentText(x.lastNs))
	}
	if text := x.sink.told(); text != "" {
		b.WriteString(": " + text)
	}
	b.WriteString("\n")
	if x.early > 0 {
		fmt.Fprintf(&b, "  left out for their time: %d\n", x.early)
	}
	if x.hidden > 0 {
		fmt.Fprintf(&b, "  left out because they were, or may have been, heard in a zone: %d\n", x.hidden)
	}
	return b.String()
}
