package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/fusion"
	"github.com/sensord/sensord/internal/fault"
)

// puck is a receiver that has all it can say.
func puck() actors.ReceiverStatus {
	fix := gps.NewFix()
	fix.Mode, fix.TimeNs = gps.Mode3D, time.Date(2026, 3, 27, 10, 0, 0, 0, time.UTC).UnixNano()
	fix.Lat, fix.Lon, fix.AltMSL, fix.AltHAE, fix.SpeedMPS, fix.CourseDeg, fix.ClimbMPS = 52.51627, 13.3777, 35.1, 74.9, 13.9, 84.25, 0.5
	fix.HDOP, fix.Satellites, fix.AccuracyM, fix.AccuracyOrigin, fix.AltAccuracyM, fix.SpeedAccuracyMPS = 0.9, 3, 2.44, gps.OriginEPXY, 4, 0.2
	fix.Device, fix.Sentences = "/dev/ttyACM0", []string{"TPV", "SKY"}
	return actors.ReceiverStatus{
		Name: "puck", Type: configs.ReceiverGPSD, Object: "gpsd localhost:2947", Detail: "gpsd 3.22, /dev/ttyACM0",
		State: actors.ReceiverFix, Fix: fix, Age: 240 * time.Millisecond, Interval: time.Second, Latency: 120 * time.Millisecond, LatencyKnown: true,
		Fixes: 42, Skipped: 1,
		Satellites: []gps.Satellite{
			{System: "GPS", ID: 5, Elevation: 40, Azimuth: 83, SNR: 46, Used: true},
			{System: "GPS", ID: 7, Elevation: 17, Azimuth: 308, SNR: 41, Used: true},
			{System: "Galileo", ID: 3, Elevation: 62, Azimuth: 10, SNR: 44, Used: true},
			{System: "Galileo", ID: 9, Elevation: math.NaN(), Azimuth: math.NaN(), SNR: 21},
			{ID: 300, Elevation: 5, Azimuth: 100, SNR: math.NaN()},
		},
	}
}

// away is a receiver that is not there.
func away(name string, object string, code fault.Code, why string) actors.ReceiverStatus {
	return actors.ReceiverStatus{Name: name, Type: configs.ReceiverNMEA, Object: object, State: actors.ReceiverAway, Err: fault.Newf(code, object, "%s", why)}
}

// situations are rigs as somebody may see them.
func situations() map[string]actors.Status {
	located := func(receivers ...actors.ReceiverStatus) actors.Status {
		p := gps.NewFixed(52.51627, 13.3777, 35.1, gps.FusedName)
		p.Kind, p.AccuracyM, p.SpeedMPS, p.Heading = gps.Kind, 1.96, 13.9, 359.8
		return actors.Status{Position: p, HasPosition: true, GPS: actors.GPSStatus{
			Receivers: receivers, Web: "127.0.0.1:2510",
			Clock: gps.ClockState{Source: gps.ClockSystem, HasSystemOffset: true, SystemOffsetNs: -3_200_000, SystemErrorNs: 41_000_000},
		}}
	}
	rejecting := located(puck())
	rejecting.GPS.Fusion.Receivers = []fusion.Receiver{ // two devices
		{Name: "puck", Of: "puck", Accepted: 30, LastNs: 2},
		{Name: "puck /dev/ttyACM1", Of: "puck", Accepted: 18, Rejected: 12, LastNs: 1, Why: "140 m off, 9 times its accuracy", WhyNs: 1},
	}

	phone := puck()
	phone.Name, phone.Type, phone.Object, phone.Detail = "phone", configs.ReceiverMeta, "meta phone", "12 updates"
	phone.Fix.AccuracyM, phone.Fix.AccuracyOrigin, phone.Fix.Satellites, phone.Fix.Mode = 2400, gps.OriginGiven, -1, gps.Mode2D
	phone.Satellites, phone.LatencyKnown, phone.Interval = nil, false, 0
	vague := actors.Status{GPS: actors.GPSStatus{Receivers: []actors.ReceiverStatus{phone}, Web: "127.0.0.1:2510", Clock: gps.ClockState{Source: gps.ClockGPS, HasSystemOffset: true, SystemOffsetNs: -int64(100 * 24 * time.Hour * 205), SystemErrorNs: 1.2e9}}}

	vague.GPS.Unplaced = &fault.Error{
		Code: fault.GPSSearching, Object: "gps", Advice: "wait for a better fix, or set gps: {limit: …} to what is good enough",
		Err: errors.New("the best fix is good to 2400 m, and what is less certain than 100 m counts as unknown (gps.limit)"),
	}

	waiting := phone
	waiting.State, waiting.Detail, waiting.Fixes, waiting.Fix = actors.ReceiverConnecting, "no update yet", 0, gps.Fix{}
	searching := puck()
	searching.State, searching.Err = actors.ReceiverSearching, fault.Newf(fault.GPSSearching, searching.Object, "no fix yet")
	searching.Fix, searching.Fixes, searching.LatencyKnown = gps.NewFix(), 0, false
	searching.Fix.Mode, searching.Fix.Satellites = gps.ModeNone, 0
	stale := puck()
	stale.Name, stale.State, stale.Age = "a-very-long-name-of-a-receiver-1", actors.ReceiverStale, 12*time.Second
	stale.Err, stale.Notice = fault.Newf(fault.GPSStale, stale.Object, "no fix for 12s"), "/dev/ttyACM0 is gone"
	unknown := actors.Status{GPS: actors.GPSStatus{Receivers: []actors.ReceiverStatus{
		searching, stale, away("mouse", "serial /dev/ttyUSB0", fault.GPSMissing, "no such device"), waiting,
	}, WebErr: fault.Newf(fault.WebListen, "web 127.0.0.1:2510", "address already in use")}}
	fixed := actors.Status{Position: gps.NewFixed(52.51627, 13.3777, math.NaN(), gps.FixedKind), HasPosition: true}
	return map[string]actors.Status{
		"fix": located(puck()), "rejecting": rejecting, "vague": vague, "unknown": unknown, "fixed": fixed,
		"begin": {GPS: actors.GPSStatus{Receivers: []actors.ReceiverStatus{waiting}, Web: "127.0.0.1:2510"}},
	}
}

func ofSituations() gpsView {
	return gpsView{web: configs.Web{Listen: "127.0.0.1:2510"}}
}

// Each golden file names, in its first line, what is shown.
func TestGPSViews(t *testing.T) {
	view := ofSituations()
	for name, s := range situations() {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			for _, way := range []struct {
				width, height int
				color         bool
			}{{80, 24, false}, {60, 24, false}, {132, 50, true}, {80, 12, false}} {
				fmt.Fprintf(&b, "-- %d columns, %d lines, colour %t --\n", way.width, way.height, way.color)
				for _, l := range view.lines(&s, way.width, way.height) {
					if n := utf8.RuneCountInString(l.String()); n > way.width-viewMargin && way.width >= 80 { // else the terminal cuts the table
						t.Errorf("%d columns of %d: %s", n, way.width, l)
					}
					b.WriteString(strings.ReplaceAll(strings.TrimRight(l.render(1000, style{color: way.color}), " "), "\x1b", "^") + "\n")
				}
			}
			golden(t, "testdata/gps-live/"+name+".view", b.String())
		})
	}
}

func TestGPSLines(t *testing.T) {
	var b strings.Builder
	for _, name := range []string{"begin", "fix", "fixed", "rejecting", "unknown", "vague"} {
		if err := (&gpsLines{out: &b}).show(situations()[name], time.Date(2026, 3, 27, 10, 0, 12, 0, time.UTC)); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "testdata/gps-live/lines.view", b.String())
}

// What programs read does not change: fields may come, and none may go.
func TestGPSJSON(t *testing.T) {
	var b strings.Builder
	for _, name := range []string{"begin", "fix", "fixed", "rejecting", "unknown", "vague"} {
		if err := (&gpsJSON{jsonEncoder(&b)}).show(situations()[name], time.Date(2026, 3, 27, 10, 0, 12, 345e6, time.UTC)); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "testdata/gps-live/json.view", b.String())
}

// Each field is in the guide, in the section about what has it.
func TestGPSFieldsAreDocumented(t *testing.T) {
	guide, err := os.ReadFile("../../docs/guide.md")
	if err != nil {
		t.Fatal(err)
	}
	for title, v := range map[string]any{"Looking at receivers": gpsReport{}, "What a log says": gpsEpoch{}} {
		_, section, found := strings.Cut(string(guide), "\n### "+title+"\n")
		section, _, _ = strings.Cut(section, "\n### ")
		if !found {
			t.Fatalf("the guide has no section %q", title)
		}
		for _, name := range jsonFields(reflect.TypeOf(v), title == "Looking at receivers") {
			if !regexp.MustCompile("`\\.?" + regexp.QuoteMeta(name) + "(\\[\\])?`").MatchString(section) {
				t.Errorf("%s: %s is not documented", title, name)
			}
		}
	}
}

// jsonFields are the names in what is made of a type, but for those of an epoch
// within a report.
func jsonFields(t reflect.Type, report bool) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || report && t == reflect.TypeFor[gpsEpoch]() {
		return nil
	}
	var names []string
	for f := range t.Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			names = append(names, name)
		}
		names = append(names, jsonFields(f.Type, report)...)
	}
	return names
}

func TestWhyThereIsNoPosition(t *testing.T) {
	for _, tt := range []struct {
		name, want, remedy string
		status             actors.Status
	}{
		{"known", "", "", situations()["fix"]},
		{"nothing yet", "gps: no position within 10s: meta phone: nothing has come yet", "check that it sends, and give it more time with --for", situations()["begin"]},
		{"vague", "gps: no position within 10s: the best fix is good to 2400 m, and what is less certain than 100 m counts as unknown (gps.limit)", "wait for a better fix, or set gps: {limit: …} to what is good enough", situations()["vague"]},
		{
			"several", "gps: no position within 10s: gpsd localhost:2947: no fix yet; gpsd localhost:2947: no fix for 12s; serial /dev/ttyUSB0: no such device; meta phone: nothing has come yet",
			fault.GPSSearching.Remedy(), situations()["unknown"],
		},
		{
			"not one of the receiver", "gps: no position within 10s: meta phone: panic", fault.Internal.Remedy(),
			actors.Status{GPS: actors.GPSStatus{Receivers: []actors.ReceiverStatus{{Err: fault.New(fault.Internal, "meta phone", errors.New("panic"))}}}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := gpsWatch{length: 10 * time.Second}
			err := w.missed(&tt.status)
			switch {
			case tt.want == "":
				if err != nil {
					t.Error(err)
				}
				return
			case err == nil || err.Error() != tt.want:
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if fault.Exit(err) != 7 || fault.RemedyOf(err) != tt.remedy {
				t.Errorf("exit %d, remedy %q", fault.Exit(err), fault.RemedyOf(err))
			}
		})
	}
}

func TestTextsOfTimes(t *testing.T) {
	for got, want := range map[string]string{
		spanText(380 * time.Microsecond): "0.38 ms", spanText(41 * time.Millisecond): "41 ms", spanText(1200 * time.Millisecond): "1.20 s",
		spanText(90 * time.Second): "1m30s", spanText(47 * time.Hour): "47h0m0s", spanText(20_500 * 24 * time.Hour): "20 500 days",
		clockStateText(gps.ClockState{}):                        "not synchronised, and no receiver has the time",
		clockStateText(gps.ClockState{Source: gps.ClockSystem}): "synchronised",
		shortened("nmea-ttyACM0", 13):                           "nmea-ttyACM0",
		shortened("nmea-192.0.2.7-4001", 13):                    "nmea-1~7-4001",
		movement(13, math.NaN()):                                "13.0 km/h", movement(13, 359.7): "13.0 km/h towards 0",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
