package bus_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/internal/fault"
)

func TestFleet(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(*listener)
		want string
	}{
		{"everybody", func(l *listener) { l.reports("b"); l.reports("a") }, `all right | ALL RIGHT: 2 rigs, 2 sources, recording
a heard recording
b heard recording
`},
		{"one", func(l *listener) { l.reports("a") }, `all right | ALL RIGHT: 1 rig, 1 source, recording
a heard recording
`},
		{"nothing yet", func(l *listener) {}, `starting | LISTENING: no rig of fleet "fleet" has been heard yet
`},
		{"nobody", func(l *listener) { l.wait(8 * time.Second) }, `nobody | NOBODY: no rig of fleet "fleet" is heard
`},
		{"not connected yet", func(l *listener) { l.fleet.Lost(nil) }, `not connected | CONNECTING: no answer from the bus yet
`},
		{"not connected", func(l *listener) {
			l.reports("a")
			l.wait(time.Minute)
			l.fleet.Lost(fault.Newf(fault.BusRefused, "bus nats://hub:4222", "connection refused"))
		}, `not connected | NOT CONNECTED: bus nats://hub:4222: connection refused
a expected recording
`},
		{"an alarm", func(l *listener) { l.reports("a"); l.reports("b", problem(false)); l.reports("c") }, `impaired | ALL RIGHT, BUT 1 of 3 rigs: b: server home: connection refused
b heard impaired
  ! server home: connection refused (link.refused)
a heard recording
c heard recording
`},
		{"an alarm of the only one", func(l *listener) { l.reports("b", problem(false)) }, `impaired | ALL RIGHT, BUT b: server home: connection refused
b heard impaired
  ! server home: connection refused (link.refused)
`},
		{"a harmless one", func(l *listener) { l.reports("a"); l.reports("b", problem(true)) }, `all right | ALL RIGHT: 2 rigs, 2 sources, recording
a heard recording
b heard recording
  - server home: connection refused (link.refused)
`},
		{"not recording", func(l *listener) { l.reports("a", problem(false)); l.reports("z", stopped) }, `not all right | NOT ALL RIGHT: 1 of 2 rigs: z: roof: wlan1: it is gone
z heard not recording
  !! roof: wlan1: it is gone (radio.gone)
a heard impaired
  ! server home: connection refused (link.refused)
`},
		{"not recording, for no reason", func(l *listener) {
			l.reports("z", stopped, func(m *pb.Status) { m.Problems = nil })
		}, `not all right | NOT ALL RIGHT: z: not recording: wlan1: it is gone
z heard not recording
  !! not recording: wlan1: it is gone ()
`},
		{"files are read", func(l *listener) {
			l.reports("a", func(m *pb.Status) { m.State, m.Recording = "finished", false })
			l.reports("b")
		}, `all right | ALL RIGHT: 2 rigs, 2 sources, 1 recording
a heard finished
b heard recording
`},
		{"two reports are missing", func(l *listener) { l.reports("a"); l.wait(17 * time.Second); l.reports("b") }, `all right | ALL RIGHT: 2 rigs, 2 sources, recording
a heard recording
b heard recording
`},
		{"three reports are missing", func(l *listener) { l.reports("a"); l.wait(18 * time.Second); l.reports("b") }, `not all right | NOT ALL RIGHT: 1 of 2 rigs: a: silent since 2026-03-27 12:00:00 UTC
a silent recording
  !! silent since 2026-03-27 12:00:00 UTC ()
b heard recording
`},
		{"one that reports each minute", func(l *listener) {
			l.reports("a", func(m *pb.Status) { m.EveryS = 60 })
			l.wait(200 * time.Second)
		}, `all right | ALL RIGHT: 1 rig, 1 source, recording
a heard recording
`},
		{"gone for a day", func(l *listener) { l.reports("a"); l.wait(25 * time.Hour); l.reports("b") }, `all right | ALL RIGHT: 1 rig, 1 source, recording
b heard recording
a gone recording
`},
		{"all gone or ended", func(l *listener) {
			l.reports("a")
			l.wait(25 * time.Hour)
			l.reports("b", func(m *pb.Status) { m.Leaving = true })
		}, `nobody | NOBODY: 1 rig ended in order, 1 rig silent for more than a day
b left recording
a gone recording
`},
		{"ended in order", func(l *listener) {
			l.reports("a", stopped, func(m *pb.Status) { m.Leaving = true })
			l.wait(time.Minute)
			l.reports("b")
		}, `all right | ALL RIGHT: 1 rig, 1 source, recording
b heard recording
a left not recording
`},
		{"ended and began again", func(l *listener) {
			l.reports("a", func(m *pb.Status) { m.Leaving = true })
			l.wait(time.Minute)
			l.says(&pb.Position{Head: l.head("a", 2, 0), Lat: new(1.0), Lon: new(2.0)}, bus.KindPosition, "a")
		}, `impaired | ALL RIGHT, BUT a: it is heard, and has not said how it is since 12:00:00 UTC
a heard recording
  ! it is heard, and has not said how it is since 12:00:00 UTC ()
`},
		{"only a position, by hand", func(l *listener) {
			l.says(&pb.Position{Lat: new(1.0), Lon: new(2.0)}, bus.KindPosition, "a")
		}, `all right | ALL RIGHT: 1 rig
a heard 
`},
		{"only a position, long ago", func(l *listener) {
			l.says(&pb.Position{Lat: new(1.0), Lon: new(2.0)}, bus.KindPosition, "a")
			l.wait(time.Minute)
			l.reports("b")
		}, `all right | ALL RIGHT: 2 rigs, 1 source, 1 recording
a silent 
b heard recording
`},
		{"remembered, not heard yet", func(l *listener) {
			l.remembers("a", 3*time.Second)
			l.fleet.Remembered()
			l.reports("b")
		}, `starting | LISTENING: 1 of 2 rigs heard so far
b heard recording
a expected recording
`},
		{"remembered from an hour ago", func(l *listener) {
			l.remembers("a", time.Hour, stopped)
			l.wait(8 * time.Second)
			l.reports("b")
		}, `not all right | NOT ALL RIGHT: 1 of 2 rigs: a: silent since 2026-03-27 11:00:00 UTC
a silent not recording
  !! silent since 2026-03-27 11:00:00 UTC ()
b heard recording
`},
		{"remembered, and had just reported", func(l *listener) {
			l.remembers("a", time.Second)
			l.wait(15 * time.Second)
			l.reports("b")
		}, `starting | LISTENING: 1 of 2 rigs heard so far
b heard recording
a expected recording
`},
		{"remembered, and only where it is was heard yet", func(l *listener) {
			l.remembers("a", 30*time.Second)
			l.says(&pb.Position{Head: l.head("a", 1, 0), Lat: new(1.0), Lon: new(2.0)}, bus.KindPosition, "a")
		}, `all right | ALL RIGHT: 1 rig, 1 source, recording
a heard recording
`},
		{"remembered from last week", func(l *listener) {
			l.remembers("a", 7*24*time.Hour)
			l.reports("b")
		}, `all right | ALL RIGHT: 1 rig, 1 source, recording
b heard recording
a gone recording
`},
		{"heard before it was remembered", func(l *listener) {
			l.reports("a")
			l.remembers("a", time.Second, stopped)
		}, `all right | ALL RIGHT: 1 rig, 1 source, recording
a heard recording
`},
		{"the bus was away", func(l *listener) {
			l.reports("a")
			l.wait(time.Hour)
			l.fleet.Lost(errors.New("gone"))
			l.fleet.Joined(l.at, "nats://hub:4222")
			l.wait(10 * time.Second)
		}, `starting | LISTENING: 0 of 1 rig heard so far
a expected recording
`},
		{"the bus is back for long", func(l *listener) {
			l.reports("a")
			l.wait(time.Hour)
			l.fleet.Lost(errors.New("gone"))
			l.fleet.Joined(l.at, "nats://hub:4222")
			l.wait(18 * time.Second)
		}, `not all right | NOT ALL RIGHT: a: silent since 2026-03-27 12:00:00 UTC
a silent recording
  !! silent since 2026-03-27 12:00:00 UTC ()
`},
		{"what came before, and comes again", func(l *listener) {
			old := l.status("a")
			l.reports("a", problem(false))
			l.says(old, bus.KindStatus, "a")
		}, `impaired | ALL RIGHT, BUT a: server home: connection refused
a heard impaired
  ! server home: connection refused (link.refused)
`},
		{"restarted", func(l *listener) {
			l.reports("a")
			l.reports("a", stopped)
			l.reports("a", func(m *pb.Status) { m.Head = l.head("a", 2, 0) })
		}, `all right | ALL RIGHT: 1 rig, 1 source, recording
a heard recording
`},
		{"two under one name", func(l *listener) {
			for range 3 {
				l.reports("a")
				l.reports("a", func(m *pb.Status) { m.Head = l.head("a", 2, 0); m.Head.RigId = "id-b" })
				l.wait(time.Second)
			}
		}, `impaired | ALL RIGHT, BUT a: rig a: two processes speak under this name, of rigs id-a and id-b
a heard recording
  ! rig a: two processes speak under this name, of rigs id-a and id-b (bus.replaced)
`},
		{"two under one name, before", func(l *listener) {
			for range 3 {
				l.reports("a")
				l.reports("a", func(m *pb.Status) { m.Head = l.head("a", 2, 0) })
			}
			l.wait(17 * time.Second)
			l.reports("a")
			l.wait(18 * time.Second)
			l.reports("a")
		}, `all right | ALL RIGHT: 1 rig, 1 source, recording
a heard recording
`},
		{"two sources of one UUID", func(l *listener) {
			l.reports("a", ofUUID("5FE308BD-0000-0000-0000-00C0CAB40BC2"))
			l.reports("b", ofUUID("5fe308bd-0000-0000-0000-00c0cab40bc2"))
			l.reports("c", ofUUID("5FE308BD-0000-0000-0000-00C0CAB40BC2"), func(m *pb.Status) {
				m.Problems = []*pb.Problem{{Code: "bus.claimed", Object: "uuid 5FE308BD-0000-0000-0000-00C0CAB40BC2", Error: "rig a has it, too"}}
			})
			l.reports("d", ofUUID(""))
			l.reports("e", ofUUID("5FE308BD-0000-0000-0000-00C0CAB40BC2"), func(m *pb.Status) { m.Sources[0].Capture = "ended" })
		}, `impaired | ALL RIGHT, BUT 3 of 5 rigs: a: roof: uuid 5FE308BD-0000-0000-0000-00C0CAB40BC2: rig b has a source of the same UUID, roof, and 1 more
a heard recording
  ! roof: uuid 5FE308BD-0000-0000-0000-00C0CAB40BC2: rig b has a source of the same UUID, roof, and 1 more (bus.claimed)
b heard recording
  ! roof: uuid 5fe308bd-0000-0000-0000-00c0cab40bc2: rig a has a source of the same UUID, roof, and 1 more (bus.claimed)
c heard recording
  ! uuid 5FE308BD-0000-0000-0000-00C0CAB40BC2: rig a has it, too (bus.claimed)
d heard recording
e heard recording
`},
		{"a clock that is ahead", func(l *listener) {
			l.reports("a", func(m *pb.Status) { m.Head.SentNs = l.at.Add(3 * time.Minute).UnixNano() })
		}, `all right | ALL RIGHT: 1 rig, 1 source, recording
a heard recording
  - clock: it is 3m0s ahead of this machine's (bus.untimely)
`},
		{"a clock that is behind, by the look of one late message", func(l *listener) {
			l.reports("a", func(m *pb.Status) { m.Head.SentNs = l.at.Add(-time.Hour).UnixNano() })
			l.reports("a")
		}, `all right | ALL RIGHT: 1 rig, 1 source, recording
a heard recording
`},
		{"a clock that is behind, of four", func(l *listener) {
			for _, rig := range []string{"a", "b", "c"} {
				l.reports(rig)
			}
			l.reports("d", func(m *pb.Status) { m.Head.SentNs = l.at.Add(-3 * time.Hour).UnixNano() })
		}, `all right | ALL RIGHT: 4 rigs, 4 sources, recording
a heard recording
b heard recording
c heard recording
d heard recording
  - clock: it is 3h0m0s behind this machine's, or what it says comes so late (bus.untimely)
`},
		{"a clock of ours that is behind", func(l *listener) {
			for _, rig := range []string{"a", "b", "c"} {
				l.reports(rig, func(m *pb.Status) { m.Head.SentNs = l.at.Add(time.Hour).UnixNano() })
			}
			l.reports("d")
		}, `all right | ALL RIGHT: 4 rigs, 4 sources, recording
  ! clock: this machine's differs from that of most rigs by 1h0m0s
a heard recording
b heard recording
c heard recording
d heard recording
  - clock: it is 1h0m0s behind the others', or what it says comes so late (bus.untimely)
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := listening(t)
			tt.do(l)
			v := l.fleet.View(l.at)
			if diff := cmp.Diff(tt.want, report(v)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if v.Refused != 0 {
				t.Errorf("%d refused", v.Refused)
			}
		})
	}
}
