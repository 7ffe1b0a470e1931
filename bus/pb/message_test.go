package pb_test

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/sensord/sensord/bus/pb"
)

func TestMessagesSurvive(t *testing.T) {
	for _, k := range kinds() {
		m := k.full()
		data, err := pb.Encode(m)
		if err != nil {
			t.Fatalf("%s: %v", k.name, err)
		}
		for _, form := range [][]byte{data, pb.JSON(m)} {
			got, err := k.decode(form)
			if err != nil || !proto.Equal(got, m) {
				t.Errorf("%s: %v: got %v, want %v", k.name, err, got, m)
			}
		}
		got, err := pb.DecodeAny(data)
		if err != nil || !proto.Equal(got, m) {
			t.Errorf("%s, but nobody says so: %v: got %v, want %v", k.name, err, got, m)
		}
	}
}

// objects is a list of n empty objects in field 11, Status.sources.
func objects(n int) []byte {
	return bytes.Repeat(protowire.AppendBytes(protowire.AppendTag(nil, 11, protowire.BytesType), nil), n)
}

func TestDecodeRefuses(t *testing.T) {
	by := map[string]func([]byte) (pb.Message, error){}
	for _, k := range kinds() {
		by[k.name] = k.decode
	}
	state := []byte("\x1a\x09recording")
	const noMessage = "it is no such message, neither as protobuf nor as JSON"
	for _, tt := range []struct{ kind, data, want string }{
		{"position", "", "lat is missing"},
		{"position", "{}", "lat is missing"},
		{"position", `{"lat":1}`, "lon is missing"},
		{"position", `{"lat":"NaN","lon":0}`, "lat NaN is not within -90 to 90"},
		{"position", `{"lat":0,"lon":"-Infinity"}`, "lon -Inf is not within -180 to 180"},
		{"position", `{"lat":0,"lon":180.1}`, "lon 180.1 is not within -180 to 180"},
		{"position", `{"lat":0,"lon":0,"speed_mps":-1}`, "speed_mps -1 is not within 0 to 1000"},
		{"position", `{"lat":0,"lon":0,"course_deg":361}`, "course_deg 361 is not within 0 to 360"},
		{"position", `{"lat":0,"lon":0,"time_ns":1}`, "time_ns 1970-01-01T00:00:00Z is no time that can be"},
		{"position", `{"lat":0,"lon":0,"age_ns":-1}`, "age_ns -1ns is no age that can be"},
		{"position", `{"lat":0,"lon":0,"head":{"rig":"a.b"}}`, `rig "a.b" has other characters than letters, digits, - and _`},
		{"position", `{"lat":0,"lon":0,"follows":[""]}`, "a rig that is followed is missing"},
		{"position", `{"lat":0,"lon":0,"by":"` + strings.Repeat("x", 129) + `"}`, "by has 129 bytes, more than 128"},
		{"position", `{"lat":0,"lon":0,"x":"` + strings.Repeat("x", 1100) + `"}`, "1124 bytes are more than 1024"},
		{"position", `{"lat":}`, "it is no such message: syntax error (line 1:8): unexpected token }"},
		{"position", `{"lat":"\u001b[2J"}`, "it is no such message: (line 1:8): invalid value for double field lat: \"\\u001b[2J\""},
		{"position", ` {"lat":1,"lon":1}`, noMessage},
		{"position", `[1]`, noMessage},
		{"position", "hello", noMessage},
		{"position", "\x00", noMessage},
		{"position", "\x0a\x7f", noMessage},
		{"metagps", `{"lat":0,"lon":0,"name":"a b"}`, `name "a b" has other characters than letters, digits, - and _`},
		{"status", `{"sentence":"x"}`, "state is missing"},
		{"status", `{"state":"x","place":{}}`, "lat is missing"},
		{"status", string(state) + string(objects(65)), "65 sources are more than 64"},
		{"status", string(state) + string(objects(2000)), "it has more than 1024 objects"},
		{"status", `{"state":"x","sources":[` + strings.Repeat("{},", 2000) + `{}]}`, "it has more than 1024 objects"},
		{"status", `{"state":"x","uptime_s":"Infinity"}`, "uptime_s +Inf is not within 0 to 1e+09"},
		{"status", strings.Repeat("\x0b", 60_000), noMessage}, // groups in groups
		{"status", `{"x":` + strings.Repeat("[", 60_000), "it is no such message: exceeded max recursion depth"},
		{"status", `{"x":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}", "state is missing"},
		{"event", `{"code":"x"}`, "text is missing"},
		{"event", `{"text":"x","severity":["x"]}`, "it is no such message: (line 1:24): invalid value for enum field severity: ["},
		{"claim", `{"source":"x"}`, "uuid is missing"},
		{"claim", `{"uuid":"a.b"}`, `uuid "a.b" has other characters than letters, digits, - and _`},
	} {
		got, err := by[tt.kind]([]byte(tt.data))
		if err == nil || err.Error() != tt.want || got != nil {
			t.Errorf("%s %.80q:\ngot  %v\nwant %s", tt.kind, tt.data, err, tt.want)
		}
	}
	for _, data := range []string{"", "{}", "hello", `{"code":"x"}`} {
		if m, err := pb.DecodeAny([]byte(data)); err == nil || m != nil {
			t.Errorf("%q: %v", data, m)
		}
	}
}

// Zero is a place, and no number is a number.
func TestDecodeTakesZeroForANumber(t *testing.T) {
	m, err := pb.DecodePosition([]byte(`{"lat":0,"lon":0,"speed_mps":0}`))
	if err != nil {
		t.Fatal(err)
	}
	p := m.ToPosition()
	if p.Lat != 0 || p.Lon != 0 || p.SpeedMPS != 0 || !math.IsNaN(p.AltMSL) {
		t.Errorf("%+v", p)
	}
}

// Who publishes by hand writes numbers as numbers, and a newline at the end.
func TestDecodeTakesWhatPeopleWrite(t *testing.T) {
	m, err := pb.DecodeEvent([]byte("{\"text\": \"gate opened\", \"severity\": \"WARN\", \"timeNs\": 1790000000000000000, \"details\": {\"gate\": \"3\"}}\r\n"))
	if err != nil || m.TimeNs != 1_790_000_000_000_000_000 || m.Severity != pb.Event_WARN || m.Details["gate"] != "3" {
		t.Errorf("%v: %v", err, m)
	}
}

func TestJSON(t *testing.T) {
	for _, tt := range []struct {
		m    pb.Message
		want string
	}{
		{&pb.Position{}, "{}"},
		{&pb.Event{Text: "<b> & \"x\"\n\x7f\u009b2J\u202e\U000e0001 é"}, `{"text":"<b> & \"x\"\n\u007f\u009b2J\u202e\udb40\udc01 é"}`},
		{&pb.Event{Text: "x", Severity: 77}, `{"severity":77,"text":"x"}`},
		{&pb.Event{Text: "\xff"}, "{}"},
	} {
		if got := string(pb.JSON(tt.m)); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

func TestEncodeAllocates(t *testing.T) {
	m := position()
	if n := testing.AllocsPerRun(100, func() {
		if _, err := pb.Encode(m); err != nil {
			t.Fatal(err)
		}
	}); n > 2 {
		t.Errorf("%v allocations for a position", n)
	}
}

func BenchmarkEncodePosition(b *testing.B) {
	m := position()
	b.ReportAllocs()
	for b.Loop() {
		data, err := pb.Encode(m)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(data)))
	}
}

func BenchmarkDecodePosition(b *testing.B) {
	data, err := pb.Encode(position())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := pb.DecodePosition(data); err != nil {
			b.Fatal(err)
		}
	}
}

func fuzz(f *testing.F, name string) {
	i := slices.IndexFunc(kinds(), func(k kind) bool { return k.name == name })
	k := kinds()[i]
	m := k.full()
	data, err := pb.Encode(m)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(pb.JSON(m))
	f.Add(append(data, unknownField(1000, 10)...))
	for _, s := range []string{"", "{}", "hello", `{"lat":0,"lon":0}`, `{"lat":"NaN","lon":1e999}`, `{"head":{"head":{}}}`, `{"text":"\ud800"}`, "{{{{", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\x7b\x7b\x7c"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := pb.DecodeAny(data); (m == nil) == (err == nil) {
			t.Fatalf("error %v and %v", err, m)
		}
		got, err := k.decode(data)
		if err != nil {
			if got != nil || err.Error() == "" || strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' }) {
				t.Fatalf("error %q and %v", err, got)
			}
			return
		}
		wire, err := pb.Encode(got)
		if err != nil || len(wire) > k.limit {
			t.Fatalf("%d bytes: %v", len(wire), err)
		}
		again, err := k.decode(wire)
		if err != nil {
			t.Fatalf("what was encoded is refused: %v", err)
		}
		// What its sender had written more tersely than we do may be cut.
		if proto.Size(got) <= k.limit && !proto.Equal(got, again) {
			t.Fatalf("got %v\nand  %v", got, again)
		}
		twin := pb.JSON(got)
		if len(twin) > k.limit {
			return
		}
		got.ProtoReflect().SetUnknown(nil)
		if again, err = k.decode(twin); err != nil {
			t.Fatalf("%s is refused: %v", twin, err)
		}
		if string(pb.JSON(again)) != string(twin) {
			t.Fatalf("got %v\nand  %v", got, again)
		}
	})
}

func FuzzDecodePosition(f *testing.F) { fuzz(f, "position") }
func FuzzDecodeMetaGPS(f *testing.F)  { fuzz(f, "metagps") }
func FuzzDecodeStatus(f *testing.F)   { fuzz(f, "status") }
func FuzzDecodeEvent(f *testing.F)    { fuzz(f, "event") }
func FuzzDecodeClaim(f *testing.F)    { fuzz(f, "claim") }
