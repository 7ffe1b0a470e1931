package pb_test

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/sensord/sensord/bus/pb"
)

var update = flag.Bool("update", false, "write testdata/schema.txt")

// Messages as the first program wrote them. They are never written anew: rigs
// of that time go on speaking.
func TestOldMessages(t *testing.T) {
	for _, k := range kinds() {
		text, err := os.ReadFile(filepath.Join("testdata", "v1", k.name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		twin, wire, ok := strings.Cut(string(text), "\n-- wire --\n")
		data, err := hex.DecodeString(strings.ReplaceAll(wire, "\n", ""))
		if err != nil || !ok {
			t.Fatalf("%s: %v", k.name, err)
		}
		for form, message := range map[string][]byte{"wire": data, "JSON": []byte(twin)} {
			m, err := k.decode(message)
			if err != nil {
				t.Errorf("%s as %s: %v", k.name, form, err)
				continue
			}
			if diff := cmp.Diff(twin, string(pb.JSON(m))); diff != "" {
				t.Errorf("%s as %s (-want +got)\n%s", k.name, form, diff)
			}
			got, err := pb.Encode(m)
			if err != nil {
				t.Errorf("%s as %s: %v", k.name, form, err)
			}
			if diff := cmp.Diff(hex.Dump(data), hex.Dump(got)); diff != "" {
				t.Errorf("%s as %s (-want +got)\n%s", k.name, form, diff)
			}
		}
	}
}

// schema is one line for each field.
func schema(messages protoreflect.MessageDescriptors) string {
	var b strings.Builder
	for i := range messages.Len() {
		m := messages.Get(i)
		if m.IsMapEntry() {
			continue
		}
		for i := range m.Fields().Len() {
			fd := m.Fields().Get(i)
			what := fd.Kind().String()
			switch {
			case fd.IsMap():
				what = "map of " + fd.MapKey().Kind().String() + " to " + fd.MapValue().Kind().String()
			case fd.Message() != nil:
				what = string(fd.Message().Name())
			case fd.Enum() != nil:
				what = string(fd.Enum().Name())
			}
			if fd.IsList() {
				what = "list of " + what
			}
			if fd.HasOptionalKeyword() {
				what = "optional " + what
			}
			fmt.Fprintf(&b, "%s.%s = %d: %s\n", m.Name(), fd.Name(), fd.Number(), what)
		}
		for i := range m.Enums().Len() {
			e := m.Enums().Get(i)
			for i := range e.Values().Len() {
				fmt.Fprintf(&b, "%s.%s = %d\n", e.Name(), e.Values().Get(i).Name(), e.Values().Get(i).Number())
			}
		}
	}
	return b.String()
}

// A field is for ever. With -update the schema's new ones are written down,
// while a change of one that there was stays an error.
func TestFieldsStayWhatTheyAre(t *testing.T) {
	file := filepath.Join("testdata", "schema.txt")
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := schema(pb.File_bus_pb_sensord_proto.Messages())
	for line := range strings.Lines(string(old)) {
		if !strings.Contains("\n"+got, "\n"+line) {
			t.Errorf("there was a field %s", line)
		}
	}
	if t.Failed() {
		return
	}
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(old), got); diff != "" {
		t.Errorf("new fields: run this test with -update (-want +got)\n%s", diff)
	}
}

// unknownField is a text of n bytes in a field that we do not know.
func unknownField(number protowire.Number, n int) []byte {
	b := protowire.AppendTag(nil, number, protowire.BytesType)
	return protowire.AppendString(b, strings.Repeat("x", n))
}

// What a newer program adds, at any depth, is handed on by an older one.
func TestUnknownFieldsSurvive(t *testing.T) {
	for _, k := range kinds() {
		m := k.full()
		for i, s := range append([]site{{in: m.ProtoReflect()}}, sites(k.name, m.ProtoReflect())...) {
			if i == 0 || s.fd.Number() == s.in.Descriptor().Fields().Get(0).Number() {
				s.in.SetUnknown(unknownField(1000, 5))
			}
		}
		data := raw(t, m)
		got, err := k.decode(data)
		if err != nil {
			t.Errorf("%s: %v", k.name, err)
			continue
		}
		again, err := pb.Encode(got)
		if err != nil {
			t.Errorf("%s: %v", k.name, err)
		}
		last, err := k.decode(again)
		if err != nil || !proto.Equal(last, m) || strings.Count(string(again), "xxxxx") != strings.Count(string(data), "xxxxx") {
			t.Errorf("%s: %v: %v, want %v", k.name, err, last, m)
		}
	}
}

func TestNewerJSONIsTolerated(t *testing.T) {
	m, err := pb.DecodeEvent([]byte(`{"head":{"rig":"rover-1","mood":{"deep":[1,{"x":null}]}},"text":"x","severity":"CATASTROPHE","next":[[],{}]}`))
	if err != nil || m.Head.Rig != "rover-1" || m.Text != "x" || m.Severity != pb.Event_UNKNOWN {
		t.Errorf("%v: %v", err, m)
	}
	e := event()
	e.Severity = 77
	data, err := pb.Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	if m, err = pb.DecodeEvent(data); err != nil || m.Severity != 77 {
		t.Errorf("%v: %v", err, m)
	}
}

// Not even a claim may be taken for another message where the schema grows: the
// first byte of JSON is that of no field.
func TestNoMessageBeginsLikeJSON(t *testing.T) {
	messages := pb.File_bus_pb_sensord_proto.Messages()
	for i := range messages.Len() {
		if fd := messages.Get(i).Fields().ByNumber('{' >> 3); fd != nil {
			t.Errorf("%s has number %d, which is kept free", fd.FullName(), '{'>>3)
		}
	}
}

// MetaGPS and Place have Position's fields, under the same numbers.
func TestPlacesAreAlike(t *testing.T) {
	messages := pb.File_bus_pb_sensord_proto.Messages()
	position := messages.ByName("Position").Fields()
	for _, name := range []string{"MetaGPS", "Place"} {
		fields := messages.ByName(protoreflect.Name(name)).Fields()
		for i := range fields.Len() {
			fd := fields.Get(i)
			if fd.FullName() == "sensord.v1.MetaGPS.name" {
				continue
			}
			if like := position.ByName(fd.Name()); like == nil || like.Number() != fd.Number() || like.Kind() != fd.Kind() {
				t.Errorf("%s is not as in Position", fd.FullName())
			}
		}
	}
}
