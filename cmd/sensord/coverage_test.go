package main

import (
	"bytes"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/hop"
)

type fixedStatus actors.Status

func (f fixedStatus) Status() actors.Status { return actors.Status(f) }

// bell is a writer that rings for each thing written.
type bell chan string

func (b bell) Write(p []byte) (int, error) {
	b <- string(p)
	return len(p), nil
}

func TestStatusOnSignal(t *testing.T) {
	said := make(bell, 10)
	st := actors.Status{Sources: []actors.SourceStatus{{Name: "roof", Radio: &actors.RadioStatus{
		Tuned: capture.Channel{FreqMHz: 2437},
		Coverage: hop.Snapshot{Channels: []hop.ChannelCoverage{
			{Channel: capture.Channel{FreqMHz: 2412}, Visits: 3, Dwell: 600 * time.Millisecond, Frames: 42},
			{Channel: capture.Channel{FreqMHz: 2437}, Visits: 4, Refused: 1, LastError: "Channel is disabled"},
		}},
	}}}}
	stop := tellOnSignal(fixedStatus(st), slog.New(slog.NewTextHandler(said, nil)))
	defer stop()
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	for range 4 {
		log.WriteString(<-said)
	}
	for _, want := range []string{
		"msg=status source=roof capture=opening", "msg=radio source=roof tuned=6",
		"msg=channel source=roof channel=1 visits=3 dwell=600ms frames=42",
		`channel=6 visits=4 dwell=0s frames=0 transmitters=0 switch_mean=0s switch_max=0s refused=1 failed=0 last_error="Channel is disabled"`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is not in\n%s", want, log.String())
		}
	}
}
