package pb_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/sensord/sensord/bus/pb"
)

// spoil returns the full message of a kind for each field of it that spoil
// changes, with the field's name.
func spoil(k kind, change func(site) bool) map[string]pb.Message {
	spoiled := map[string]pb.Message{}
	for i := range sites(k.name, k.full().ProtoReflect()) {
		m := k.full()
		s := sites(k.name, m.ProtoReflect())[i]
		if change(s) {
			spoiled[s.path] = m
		}
	}
	return spoiled
}

func single(s site, kind protoreflect.Kind) bool {
	return s.fd.Kind() == kind && !s.fd.IsList() && !s.fd.IsMap()
}

func raw(t *testing.T, m proto.Message) []byte {
	t.Helper()
	data, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// tokens are what is cut nowhere: it would be somebody else's.
func isToken(path string) bool {
	for _, name := range []string{".fleet", ".rig", ".rig_id", ".domain", "metagps.name", "claim.uuid"} {
		if strings.HasSuffix(path, name) {
			return true
		}
	}
	return false
}

// mended checks that a message that cannot be is refused, and can be published
// as one that can, or not at all.
func mended(t *testing.T, k kind, path string, m pb.Message, mendable bool) {
	t.Helper()
	before := proto.Clone(m)
	if data := raw(t, m); len(data) <= k.limit {
		if got, err := k.decode(data); err == nil {
			t.Errorf("%s: decoded as %v", path, got)
		}
	}
	data, err := pb.Encode(m)
	if !proto.Equal(before, m) {
		t.Errorf("%s: Encode has changed its message", path)
	}
	if !mendable {
		if err == nil {
			t.Errorf("%s: encoded", path)
		}
		return
	}
	if err != nil {
		t.Errorf("%s: encode: %v", path, err)
		return
	}
	if _, err := k.decode(data); err != nil {
		t.Errorf("%s: what was encoded is refused: %v", path, err)
	}
}

func TestEveryTextHasABound(t *testing.T) {
	for _, k := range kinds() {
		for path, m := range spoil(k, func(s site) bool {
			ok := single(s, protoreflect.StringKind)
			if ok {
				s.in.Set(s.fd, protoreflect.ValueOfString(strings.Repeat("é", 257)))
			}
			return ok
		}) {
			mended(t, k, path, m, !isToken(path))
		}
	}
}

func TestEveryTextIsUTF8(t *testing.T) {
	for _, k := range kinds() {
		for path, m := range spoil(k, func(s site) bool {
			ok := single(s, protoreflect.StringKind)
			if ok {
				s.in.Set(s.fd, protoreflect.ValueOfString("a\xffb"))
			}
			return ok
		}) {
			data, err := pb.Encode(m)
			if (err == nil) == isToken(path) {
				t.Errorf("%s: encode: %v", path, err)
			}
			if err == nil {
				if _, err := k.decode(data); err != nil {
					t.Errorf("%s: what was encoded is refused: %v", path, err)
				}
			}
		}
	}
}

func TestEveryNumberHasABound(t *testing.T) {
	for _, k := range kinds() {
		for _, bad := range impossible {
			for path, m := range spoil(k, func(s site) bool {
				ok := single(s, protoreflect.DoubleKind)
				if ok {
					s.in.Set(s.fd, protoreflect.ValueOfFloat64(bad))
				}
				return ok
			}) {
				mended(t, k, path, m, !strings.HasSuffix(path, ".lat") && !strings.HasSuffix(path, ".lon"))
			}
		}
		for _, bad := range []int64{-1, -1 << 63, 1<<63 - 1} {
			for path, m := range spoil(k, func(s site) bool {
				ok := single(s, protoreflect.Sfixed64Kind) || single(s, protoreflect.Int64Kind)
				if ok {
					s.in.Set(s.fd, protoreflect.ValueOfInt64(bad))
				}
				return ok
			}) {
				mended(t, k, path, m, true)
			}
		}
	}
}

func TestEveryListHasABound(t *testing.T) {
	for _, k := range kinds() {
		for path, m := range spoil(k, func(s site) bool {
			if !s.fd.IsList() {
				return false
			}
			l := s.in.Mutable(s.fd).List()
			for first := l.Get(0); l.Len() < 100; {
				l.Append(first)
			}
			return true
		}) {
			mended(t, k, path, m, !strings.HasSuffix(path, ".follows"))
		}
		for path, m := range spoil(k, func(s site) bool {
			if !s.fd.IsMap() {
				return false
			}
			for i := range 100 {
				key := protoreflect.ValueOfString(fmt.Sprint(i)).MapKey()
				s.in.Mutable(s.fd).Map().Set(key, protoreflect.ValueOfString("x"))
			}
			return true
		}) {
			mended(t, k, path, m, true)
		}
	}
}

// What is too large although each part of it is as it may be, loses sentences
// first and then the ends of its lists.
func TestEncodeMakesFit(t *testing.T) {
	m := status()
	m.Sources, m.Problems = nil, nil
	long := strings.Repeat("x", pb.MaxText)
	for i := range pb.MaxSources {
		s := source()
		s.Name, s.Server, s.Problem.Error, s.Problem.Object, s.Problem.Remedy = fmt.Sprintf("radio-%d", i), long, long, long, long
		m.Sources = append(m.Sources, s)
		m.Problems = append(m.Problems, s.Problem)
	}
	data, err := pb.Encode(m)
	if err != nil || len(data) > pb.MaxStatusBytes {
		t.Fatalf("%d bytes: %v", len(data), err)
	}
	got, err := pb.DecodeStatus(data)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Sources) != pb.MaxSources || got.Sources[63].Name != "radio-63" || len(got.Problems) != pb.MaxProblems {
		t.Errorf("%d sources and %d problems are left, the last source is %v", len(got.Sources), len(got.Problems), got.Sources[len(got.Sources)-1])
	}

	name := strings.Repeat("n", pb.MaxName)
	for _, s := range m.Sources {
		s.Type, s.Uuid, s.Capture, s.Channel, s.HopMode, s.LinkState, s.Protocol = name, name, name, name, name, name, name
		s.Problem.Code, s.Problem.Source = name, name
	}
	data, err = pb.Encode(m)
	if err != nil || len(data) > pb.MaxStatusBytes {
		t.Fatalf("%d bytes: %v", len(data), err)
	}
	if got, err = pb.DecodeStatus(data); err != nil || len(got.Sources) == 0 || len(got.Sources) == pb.MaxSources || got.Sources[0].Name != "radio-0" {
		t.Errorf("%d sources are left: %v", len(got.GetSources()), err)
	}

	e := event()
	e.Text, e.Object, e.Remedy, e.Details = long, long, long, map[string]string{}
	for i := range pb.MaxDetails {
		e.Details[fmt.Sprintf("%02d", i)] = long
	}
	data, err = pb.Encode(e)
	if err != nil || len(data) > pb.MaxEventBytes {
		t.Fatalf("%d bytes: %v", len(data), err)
	}
	again, err := pb.Encode(e)
	if err != nil || !slices.Equal(data, again) {
		t.Errorf("another time it is another message: %v", err)
	}
}

func TestEncodeGivesUpWhatItDoesNotKnow(t *testing.T) {
	m := position()
	m.ProtoReflect().SetUnknown(unknownField(1000, pb.MaxPositionBytes))
	data, err := pb.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := pb.DecodePosition(data); err != nil || !proto.Equal(got, position()) {
		t.Errorf("%v: %v", err, got)
	}
}

func TestEncodeRefusesWhatLacksWhatItNeeds(t *testing.T) {
	for want, m := range map[string]pb.Message{
		"lat is missing":   &pb.Position{Lon: new(1.0)},
		"lon is missing":   &pb.MetaGPS{Lat: new(1.0)},
		"state is missing": &pb.Status{},
		"text is missing":  &pb.Event{},
		"uuid is missing":  &pb.Claim{},
	} {
		if data, err := pb.Encode(m); err == nil || err.Error() != want || data != nil {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	bare := &pb.Status{State: "recording", Place: &pb.Place{}, Problems: []*pb.Problem{nil}, Sources: []*pb.Source{nil}, Receivers: []*pb.Receiver{nil}, Servers: []*pb.Server{nil}}
	if _, err := pb.Encode(bare); err == nil || err.Error() != "lat is missing" {
		t.Errorf("a place without a place: error %v", err)
	}
	bare.Place = nil
	data, err := pb.Encode(bare)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := pb.DecodeStatus(data); err != nil || len(got.Sources) != 1 || len(got.Servers) != 1 {
		t.Errorf("%v: %v", err, got)
	}
}
