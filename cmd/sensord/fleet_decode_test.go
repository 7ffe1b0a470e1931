package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/internal/fault"
)

func encoded(t *testing.T, m pb.Message) string {
	t.Helper()
	data, err := pb.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func decoded(input string, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := newFleetDecodeCommand()
	cmd.SetArgs(append([]string{}, args...))
	cmd.SetIn(strings.NewReader(input))
	cmd.SetOut(&out)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	err := cmd.Execute()
	return out.String(), err
}

func TestFleetDecode(t *testing.T) {
	position := &pb.Position{Lat: new(52.5), Lon: new(13.4), By: "fusion"}
	phone := &pb.MetaGPS{Lat: new(52.5), Lon: new(13.4), Name: "phone"}
	status := &pb.Status{Name: "rover-1", State: "recording", Sources: []*pb.Source{{Name: "roof"}}}
	event := &pb.Event{Severity: pb.Event_WARN, Text: "a \x1b[2J of\u202ewords"}
	claim := &pb.Claim{Uuid: "5FE308BD-0000-0000-0000-00C0CAB40BC2", Source: "roof", Mode: "warn"}
	for _, tt := range []struct {
		message  pb.Message
		subjects []string // each of which means it, as none does
		want     string
	}{
		{position, []string{"sensord.v1.fleet.rover-1.position", "position"}, `{"lat":52.5,"lon":13.4,"by":"fusion"}`},
		{phone, []string{"sensord.v1.fleet.rover-1.metagps.phone", "metagps"}, `{"lat":52.5,"lon":13.4,"name":"phone"}`},
		{status, []string{"sensord.v1.fleet.rover-1.status", "status", "$KV.rigs_fleet.rover-1"}, `{"name":"rover-1","state":"recording","sources":[{"name":"roof"}]}`},
		{event, []string{"sensord.v1.fleet.rover-1.event", "event"}, `{"severity":"WARN","text":"a \u001b[2J of\u202ewords"}`},
		{claim, []string{"$KV.claims_fleet.5FE308BD-0000-0000-0000-00C0CAB40BC2.r1", "claim"}, `{"uuid":"5FE308BD-0000-0000-0000-00C0CAB40BC2","source":"roof","mode":"warn"}`},
	} {
		for _, args := range append([]string{""}, tt.subjects...) {
			for _, input := range []string{encoded(t, tt.message), tt.want} {
				if out, err := decoded(input, args); err != nil || out != tt.want+"\n" {
					t.Errorf("decode %q of %q: %v\ngot  %s\nwant %s", args, input, err, out, tt.want)
				}
			}
		}
		if out, err := decoded(tt.want); err != nil || out != tt.want+"\n" {
			t.Errorf("decode of %s without an argument: %v, %s", tt.want, err, out)
		}
	}
}

func TestFleetDecodeRefuses(t *testing.T) {
	for _, tt := range []struct {
		args  []string
		input string
		code  fault.Code
		want  string
	}{
		{[]string{"sensord.v1.fleet.rover-1.position"}, `{"lat":91,"lon":0}`, fault.BusMessage, "message: lat 91 is not within -90 to 90"},
		{[]string{"status"}, strings.Repeat("x", 1<<20), fault.BusMessage, "message: 65537 bytes are more than 65536"},
		{nil, "hello", fault.BusMessage, "message: it is no message of sensord's, or one that is refused: with its subject one would know why"},
		{nil, "", fault.BusMessage, "message: it is no message of sensord's, or one that is refused: with its subject one would know why"},
		{[]string{"sensord.v1.fleet.rover-1.frames"}, "", fault.ConfigInvalid, `subject "sensord.v1.fleet.rover-1.frames": no message of sensord's is there`},
		{[]string{"$KV.others.rover-1"}, "", fault.ConfigInvalid, `subject "$KV.others.rover-1": no message of sensord's is there`},
		{[]string{"position", "status"}, "", fault.ConfigInvalid, "there is one message, and one subject"},
	} {
		out, err := decoded(tt.input, tt.args...)
		if err == nil || err.Error() != tt.want || fault.CodeOf(err) != tt.code || out != "" {
			t.Errorf("%q: error %q (%s), output %q; want %q (%s)", tt.args, err, fault.CodeOf(err), out, tt.want, tt.code)
		}
	}
}
