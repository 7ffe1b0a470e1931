package pb_test

import (
	"math"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/sensord/sensord/bus/pb"
)

func head() *pb.Head {
	return &pb.Head{
		Fleet: "fleet", Rig: "rover-1", RigId: "0b8e0f6c2f9d4d5fa1c3", Incarnation: 0x1122334455667788, Sequence: 42,
		SentNs: 1_790_000_000_123_456_789, Version: "v0.6.0", BootNs: 86_400_000_000_000,
	}
}

func position() *pb.Position {
	return &pb.Position{
		Head: head(), Lat: new(52.51627), Lon: new(13.3777), AltMslM: new(35.1), SpeedMps: new(13.9), CourseDeg: new(84.2), AccuracyM: new(1.96),
		TimeNs: 1_790_000_000_000_000_000, AgeNs: 123_456_789, By: "fusion", Follows: []string{"rover-2", "van"},
	}
}

func metaGPS() *pb.MetaGPS {
	return &pb.MetaGPS{
		Head: head(), Lat: new(-33.8568), Lon: new(151.2153), AltMslM: new(0.0), SpeedMps: new(0.0), CourseDeg: new(0.0), AccuracyM: new(8.0),
		TimeNs: 1_790_000_000_000_000_000, AgeNs: 20_000_000, By: "phone", Follows: []string{"rover-2"}, Name: "phone",
	}
}

func problem() *pb.Problem {
	return &pb.Problem{
		Source: "roof", Code: "link.refused", Object: "server home", Error: "connection refused",
		Remedy: "start the server, or correct its address", Harmless: true,
	}
}

func source() *pb.Source {
	return &pb.Source{
		Name: "roof", Type: "linuxwifi", Uuid: "5FE308BD-0000-0000-0000-00C0CAB40BC2", Capture: "capturing", Recorded: true, Finite: true,
		Channel: "44HT40+", Hopping: true, HopsPerS: 4.98, Channels: 32, HopMode: "split",
		LinkState: "streaming", Server: "wss://kismet.example:443/kismet/datasource/remote/remotesource.ws", Protocol: "v3",
		Captured: 120_400, Recovered: 12, Sent: 120_380, Acknowledged: 120_100, Waiting: 300, OnDisk: 20, Dropped: 3, KernelDropped: 1,
		CapturedPerS: new(612.4), SentPerS: new(611.8), AcknowledgedPerS: new(611.5), DroppedPerS: new(0.0),
		RoundTripS: new(0.041), OldestUnsentS: new(0.21), SilentS: new(0.0), Transmitters: 124, Problem: problem(),
	}
}

func status() *pb.Status {
	return &pb.Status{
		Head: head(), Name: "rover 1", State: "impaired", Sentence: "RECORDING, but 1 source is not linked", Recording: true,
		StartedNs: 1_789_990_000_000_000_000, UptimeS: 10_000.1, EveryS: 5, Leaving: true, Problems: []*pb.Problem{problem(), {Error: "no remedy"}},
		Sources: []*pb.Source{source(), {Name: "side"}},
		Receivers: []*pb.Receiver{
			{Name: "puck", Type: "gpsd", State: "fix", AccuracyM: new(2.44), AgeS: new(0.24), Satellites: new(uint32(12)), RateHz: new(1.0), Problem: problem()},
			{Name: "phone", Type: "meta"},
		},
		Place: &pb.Place{
			Lat: new(52.51627), Lon: new(13.3777), AltMslM: new(35.1), SpeedMps: new(13.9), CourseDeg: new(84.2), AccuracyM: new(1.96),
			TimeNs: 1_790_000_000_000_000_000, AgeNs: 123_456_789, By: "fusion",
		},
		PositionHidden: true, Memory: &pb.Room{Bytes: 262_144, LimitBytes: 16 << 20, FreeBytes: new(uint64(0))},
		Disk:  &pb.Room{Bytes: 88_000_000, LimitBytes: 2 << 30, FreeBytes: new(uint64(31 << 30))},
		Clock: &pb.Clock{Source: "system", SystemOffsetS: new(-0.0032), SystemErrorS: new(0.041)}, Domain: "rover-1-0b8e0f6c",
		Bus:     &pb.Traffic{Published: 9000, Kept: 8990, Failed: 1, Heard: 20_000, Refused: 2},
		Servers: []*pb.Server{{Name: "home", Address: "wss://kismet.example:443/", Links: 2}, {Name: "backup"}}, Restarts: 1,
	}
}

func event() *pb.Event {
	return &pb.Event{
		Head: head(), TimeNs: 1_790_000_000_000_000_000, AgeNs: 2_000_000_000, Severity: pb.Event_ERROR, Code: "link.refused",
		Text: "the link to server home is lost", Source: "roof", Object: "server home", Remedy: "start the server, or correct its address",
		Details: map[string]string{"attempt": "3", "err": "connection refused"},
	}
}

func claim() *pb.Claim {
	return &pb.Claim{
		Head: head(), Uuid: "5FE308BD-0000-0000-0000-00C0CAB40BC2", Source: "roof", SinceNs: 1_790_000_000_000_000_000,
		HeldNs: 3_000_000_000, Mode: "refuse",
	}
}

// kind is a message, with everything in it, and what reads it.
type kind struct {
	name   string
	limit  int
	full   func() pb.Message
	decode func([]byte) (pb.Message, error)
}

func reader[M pb.Message](decode func([]byte) (M, error)) func([]byte) (pb.Message, error) {
	return func(data []byte) (pb.Message, error) {
		m, err := decode(data)
		if err != nil {
			return nil, err
		}
		return m, nil
	}
}

func kinds() []kind {
	return []kind{
		{"position", pb.MaxPositionBytes, func() pb.Message { return position() }, reader(pb.DecodePosition)},
		{"metagps", pb.MaxMetaGPSBytes, func() pb.Message { return metaGPS() }, reader(pb.DecodeMetaGPS)},
		{"status", pb.MaxStatusBytes, func() pb.Message { return status() }, reader(pb.DecodeStatus)},
		{"event", pb.MaxEventBytes, func() pb.Message { return event() }, reader(pb.DecodeEvent)},
		{"claim", pb.MaxClaimBytes, func() pb.Message { return claim() }, reader(pb.DecodeClaim)},
	}
}

// site is a field somewhere in a full message.
type site struct {
	path string
	in   protoreflect.Message
	fd   protoreflect.FieldDescriptor
}

// sites are all fields of a message and of those in it, the first of each list.
func sites(path string, m protoreflect.Message) []site {
	var list []site
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		name := path + "." + string(fd.Name())
		list = append(list, site{name, m, fd})
		switch {
		case fd.IsMap() || fd.Kind() != protoreflect.MessageKind:
		case fd.IsList():
			if l := m.Get(fd).List(); l.Len() > 0 {
				list = append(list, sites(name+"[0]", l.Get(0).Message())...)
			}
		case m.Has(fd):
			list = append(list, sites(name, m.Get(fd).Message())...)
		}
	}
	return list
}

// The other tests look at every field of the full messages.
func TestFullMessagesAreFull(t *testing.T) {
	for _, k := range kinds() {
		for _, s := range sites(k.name, k.full().ProtoReflect()) {
			if !s.in.Has(s.fd) {
				t.Errorf("%s is not in the full %s of the tests", s.path, k.name)
			}
		}
	}
}

var impossible = []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e300, -1e300}
