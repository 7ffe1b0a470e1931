package main

import (
	"bytes"
	"log/slog"
	"math"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/hop"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/fusion"
	"github.com/sensord/sensord/internal/fault"
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
	fix := gps.NewFix()
	fix.Mode, fix.AccuracyM, fix.AccuracyOrigin, fix.Satellites = gps.Mode3D, 2.44, gps.OriginGST, 9
	st.GPS = actors.GPSStatus{
		Receivers: []actors.ReceiverStatus{
			{
				Name: "puck", Object: "gpsd localhost:2947", Detail: "/dev/ttyACM0", State: actors.ReceiverFix, Fix: fix, Fixes: 7,
				Age: 240 * time.Millisecond, Interval: time.Second, Latency: 120 * time.Millisecond, LatencyKnown: true,
			},
			{Name: "mouse", Object: "serial /dev/ttyUSB0", State: actors.ReceiverAway, Err: fault.Newf(fault.GPSMissing, "serial /dev/ttyUSB0", "no such device")},
		},
		Fusion: fusion.Status{Receivers: []fusion.Receiver{{Name: "puck", Accepted: 5, Rejected: 2, Why: "140 m off, 9 times its accuracy"}}},
		Clock:  gps.ClockState{Source: gps.ClockGPS, HasSystemOffset: true, SystemOffsetNs: -3e6, SystemErrorNs: 4e7},
	}
	st.HasPosition, st.Position = true, gps.NewFixed(52.5, 13.25, math.NaN(), "puck")
	stop := tellOnSignal(fixedStatus(st), slog.New(slog.NewTextHandler(said, nil)))
	defer stop()
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	for range 7 {
		log.WriteString(<-said)
	}
	for _, want := range []string{
		"msg=status source=roof capture=opening", "msg=radio source=roof tuned=6",
		"msg=channel source=roof channel=1 visits=3 dwell=600ms frames=42",
		`channel=6 visits=4 dwell=0s frames=0 transmitters=0 switch_mean=0s switch_max=0s refused=1 failed=0 last_error="Channel is disabled"`,
		`msg=receiver receiver=puck state=fix from="gpsd localhost:2947" detail=/dev/ttyACM0 fixes=7 skipped=0 age=200ms interval=1s satellites=9 ` +
			`accuracy_m=2.4 accuracy_from=gst latency=120ms rejected=2 last_rejected="140 m off, 9 times its accuracy"`,
		`msg=receiver receiver=mouse state=away from="serial /dev/ttyUSB0" detail="" fixes=0 skipped=0 err="serial /dev/ttyUSB0: no such device" code=gps.missing`,
		"msg=position known=true by=puck lat=52.5 lon=13.25 clock=gps system_clock_off=-3ms give_or_take=40ms",
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is not in\n%s", want, log.String())
		}
	}
}
