// Package replay reads logs of receivers: NMEA sentences or gpsd's JSON.
package replay

import (
	"context"
	"io"
	"time"

	"github.com/sensord/sensord/gps"
)

// Options say how a log is read.
type Options struct {
	StartDate  time.Time // the date of logs that carry none; zero if unknown
	NoChecksum bool      // sentences without checksum count, too
	Loop       bool      // a Player begins again at the end
}

// Read tells what is in a log, in its order.
func Read(ctx context.Context, r io.Reader, o Options, tell func(gps.Event) error) error {
	panic("not yet")
}

// A Player plays a log as if it were a live receiver.
type Player struct{ file string }

// New returns a Player of a file. now is CLOCK_BOOTTIME, ns.
func New(file string, o Options, now func() int64) *Player { return &Player{file: file} }

// Run plays the log at its own pace until ctx is done.
func (p *Player) Run(ctx context.Context, tell func(gps.Event)) error { panic("not yet") }

// Object names the receiver in errors and in the status: "replay drive.nmea".
func (p *Player) Object() string { return "replay " + p.file }

// Detail says where in the log it is. Any goroutine may call it.
func (p *Player) Detail() string { return "" }
