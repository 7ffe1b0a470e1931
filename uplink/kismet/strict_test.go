package kismet_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tinylib/msgp/msgp"

	"github.com/sensord/sensord/uplink/kismet"
)

// v3 types as they stand in the header.
const (
	shutdown, message, openReq, openReport   = 4, 5, 12, 13
	data, configReq, configReport, newSource = 16, 17, 18, 19
)

func TestDecodeRejectsWhatAServerWouldDrop(t *testing.T) {
	many := msgp.AppendArrayHeader([]byte{0x82, 1, 1, 4}, 4097)
	many = append(many, bytes.Repeat([]byte{0xa0}, 4097)...)
	for _, c := range []struct {
		name    string
		typ     uint16
		payload string
		want    string
	}{
		{"signal as int8", data, "81 02 81 01 d0c4", "DATA: signal block: key 1: want an unsigned integer up to 4294967295, got int"},
		{"signal as negative fixint", data, "81 02 81 01 ff", "DATA: signal block: key 1: want an unsigned integer up to 4294967295, got int"},
		{"signal as float", data, "81 02 81 01 ca c2700000", "DATA: signal block: key 1: want an unsigned integer up to 4294967295, got float32"},
		{"signal beyond 32 bits", data, "81 02 81 01 cf0000000100000000", "DATA: signal block: key 1: want an unsigned integer up to 4294967295, got uint"},
		{"GPS without seconds", data, "81 01 82 04 03 09 00", "DATA: GPS block: key 8 is missing"},
		{"GPS without microseconds", data, "81 01 82 04 03 08 00", "DATA: GPS block: key 9 is missing"},
		{"GPS with nil altitude", data, "81 01 83 03 c0 08 00 09 00", "DATA: GPS block: key 3: want a number, got nil"},
		{"GPS with text latitude", data, "81 01 83 01 a131 08 00 09 00", "DATA: GPS block: key 1: want a number, got str"},
		{"GPS fix beyond 8 bits", data, "81 01 83 04 cd0100 08 00 09 00", "DATA: GPS block: key 4: want an unsigned integer up to 255, got uint"},
		{"GPS is no map", data, "81 01 90", "DATA: GPS block: want a map, got array"},
		{"packet without content", data, "81 04 81 01 7f", "DATA: packet block: key 6 is missing"},
		{"packet with nil content", data, "81 04 82 01 7f 06 c0", "DATA: packet block: key 6: want bytes, got nil"},
		{"packet with half a time", data, "81 04 82 02 01 06 c400", "DATA: packet block: key 3 is missing"},
		{"JSON without type", data, "81 05 81 04 a27b7d", "DATA: JSON block: key 1 is missing"},
		{"JSON without text", data, "81 05 81 01 a16a", "DATA: JSON block: key 4 is missing"},
		{"block twice", data, "82 02 80 02 80", "DATA: key 2 comes twice"},
		{"key twice, once in a longer form", data, "81 02 82 01 01 cd0001 01", "DATA: signal block: key 1 comes twice"},
		{"data is nil", data, "c0", "DATA: want a map, got nil"},
		{"data is empty", data, "", "DATA: unexpected EOF"},
		{"open report without sequence number", openReport, "81 02 7f", "OPENREPORT: key 1 is missing"},
		{"open report with negative sequence number", openReport, "81 01 ff", "OPENREPORT: key 1: want an unsigned integer up to 4294967295, got int"},
		{"open report with channels as bin", openReport, "82 01 01 04 91 c40131", "OPENREPORT: key 4: want a string, got bin"},
		{"open report with channels as one text", openReport, "82 01 01 04 a131", "OPENREPORT: key 4: want an array, got str"},
		{"open report with nil UUID", openReport, "82 01 01 08 c0", "OPENREPORT: key 8: want a string, got nil"},
		{"open report with too many channels", openReport, fmt.Sprintf("%x", many), "OPENREPORT: key 4: more than 4096 channels"},
		{"shuffle as integer in an open report", openReport, "82 01 01 06 81 02 01", "OPENREPORT: hop block: key 2: want a bool, got int"},
		{"shuffle as integer", configReport, "82 01 02 03 81 02 01", "CONFIGREPORT: hop block: key 2: want a bool, got int"},
		{"offset beyond 16 bits", configReport, "82 01 02 03 81 04 ce00010000", "CONFIGREPORT: hop block: key 4: want an unsigned integer up to 65535, got uint"},
		{"configure report without sequence number", configReport, "81 02 a131", "CONFIGREPORT: key 1 is missing"},
		{"announcement without definition", newSource, "82 02 a161 03 a162", "NEWSOURCE: key 1 is missing"},
		{"announcement without UUID", newSource, "82 01 a161 02 a162", "NEWSOURCE: key 3 is missing"},
		{"announcement with bin for text", newSource, "83 01 c40161 02 a162 03 a163", "NEWSOURCE: key 1: want a string, got bin"},
		{"text keys are never found", newSource, "83 a131 a161 a132 a162 a133 a163", "NEWSOURCE: key 1 is missing"},
		{"message without severity", message, "81 02 a161", "MESSAGE: key 1 is missing"},
		{"message with severity beyond 16 bits", message, "82 01 ce00010000 02 a161", "MESSAGE: key 1: want an unsigned integer up to 65535, got uint"},
		{"message without text", message, "81 01 02", "MESSAGE: key 2 is missing"},
		{"shutdown without reason", shutdown, "80", "SHUTDOWN: key 1 is missing"},
		{"text cut short", message, "82 01 02 02 a561", "MESSAGE: unexpected EOF"},
		{"text of nearly 4 GiB", message, "82 01 02 02 dbffffffff 61", "MESSAGE: unexpected EOF"},
		{"map of 4 billion", data, "df ffffffff", "DATA: unexpected EOF"},
		{"array of 4 billion under an unknown key", data, "81 2a dd ffffffff", "DATA: unexpected EOF"},
		{"extension of 4 GiB under an unknown key", data, "81 2a c9 ffffffff 01", "DATA: unexpected EOF"},
		{"rubbish under an unknown key", data, "81 2a c1", "DATA: byte 0xc1 is no msgpack"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantError(t, frame3(t, c.typ, 1, c.payload), c.want, nil)
		})
	}
}

func TestDecodeRejectsIncompleteProtobuf(t *testing.T) {
	const (
		success = "0a04 0801 1001"
		gps6    = "0900000000000000001100000000000000001900000000000000002100000000000000002900000000000000003100000000000000003803"
	)
	for _, c := range []struct {
		name, command, payload, want string
	}{
		{"announcement without type", "KDSNEWSOURCE", "0a0161 1a0163", "KDSNEWSOURCE: field 2 is missing"},
		{"announcement with a number for text", "KDSNEWSOURCE", "0801 120162 1a0163", "KDSNEWSOURCE: field 1 is missing"},
		{"pong without number", "PONG", "", "PONG: field 1 is missing"},
		{"message without text", "MESSAGE", "0802", "MESSAGE: field 2 is missing"},
		{"message with a severity of its own", "MESSAGE", "0803 120161", "MESSAGE: severity is none of 1, 2, 4, 8, 16"},
		{"message with a severity that is one in 16 bits", "MESSAGE", "08828004 120161", "MESSAGE: severity is none of 1, 2, 4, 8, 16"},
		{"shutdown without reason", "SHUTDOWN", "", "SHUTDOWN: field 1 is missing"},
		{"open report without success", "KDSOPENSOURCEREPORT", "107f", "KDSOPENSOURCEREPORT: field 1 is missing"},
		{"open report with half a success", "KDSOPENSOURCEREPORT", "0a020801", "KDSOPENSOURCEREPORT: success: field 2 is missing"},
		{"open report with half a message", "KDSOPENSOURCEREPORT", success + "42020802", "KDSOPENSOURCEREPORT: message: field 2 is missing"},
		{"open report with an empty channel", "KDSOPENSOURCEREPORT", success + "2a00", "KDSOPENSOURCEREPORT: channel: field 1 is missing"},
		{"open report with too many channels", "KDSOPENSOURCEREPORT", success + "228240" + strings.Repeat("0a00", 4097), "KDSOPENSOURCEREPORT: channels: more than 4096 channels"},
		{"configure report without success", "KDSCONFIGUREREPORT", "1a00", "KDSCONFIGUREREPORT: field 1 is missing"},
		{"error report without success", "KDSERRORREPORT", "", "KDSERRORREPORT: field 1 is missing"},
		{"GPS without time", "KDSDATAREPORT", "0a38" + gps6, "KDSDATAREPORT: GPS block: field 8 is missing"},
		{"GPS without name", "KDSDATAREPORT", "0a3f" + gps6 + "4001 4801 520161", "KDSDATAREPORT: GPS block: field 11 is missing"},
		{"packet without captured length", "KDSDATAREPORT", "1a09 0801 1001 187f 2a0161", "KDSDATAREPORT: packet block: field 4 is missing"},
		{"packet without data", "KDSDATAREPORT", "1a08 0801 1001 187f 2001", "KDSDATAREPORT: packet block: field 5 is missing"},
		{"JSON without type", "KDSDATAREPORT", "3a07 0801 1001 220161", "KDSDATAREPORT: JSON block: field 3 is missing"},
		{"half a message in a data report", "KDSDATAREPORT", "12020802", "KDSDATAREPORT: message: field 2 is missing"},
		{"cut short", "KDSNEWSOURCE", "0a05 61", "KDSNEWSOURCE: unexpected EOF"},
		{"field 0", "KDSNEWSOURCE", "0000", "KDSNEWSOURCE: invalid field number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantError(t, frame2(t, c.command, c.payload), c.want, nil)
		})
	}
}

func TestDecodeRejectsWhatIsNoFrame(t *testing.T) {
	ping := readHex(t, "v3-1-ping")
	long := kismet.Append(nil, kismet.V3, 1, kismet.Text{Severity: kismet.Info, Text: strings.Repeat("x", 16383-20-7)})
	if len(long) != 16383 {
		t.Fatalf("the longest frame has %d bytes", len(long))
	}
	decode(t, long)
	// One byte more, in the length of the text and of the payload.
	longer := append(bytes.Clone(long), 'x')
	longer[11]++
	longer[26]++
	huge := append(bytes.Clone(ping[:8]), 0, 1, 0, 0)
	for _, c := range []struct {
		name  string
		frame []byte
		is    error
		want  string
	}{
		{"empty", nil, io.ErrUnexpectedEOF, "0 bytes of a frame: unexpected EOF"},
		{"a stub", ping[:12], io.ErrUnexpectedEOF, "12 bytes of a frame: unexpected EOF"},
		{"payload cut", readHex(t, "v3-6-data")[:151], io.ErrUnexpectedEOF, "151 bytes of a frame: unexpected EOF"},
		{"two frames", append(bytes.Clone(ping), ping...), nil, "frame of 20 bytes is followed by 20 more"},
		{"a web server", []byte("HTTP/1.1 400 Bad Request\r\n"), kismet.ErrNotKismet, "kismet: not a Kismet frame"},
		{"16384 bytes", longer, kismet.ErrTooLong, "16384 bytes, 16383 allowed: kismet: frame is too long"},
		{"65536 bytes of payload", huge, kismet.ErrTooLong, "payload of 65536 bytes: kismet: frame is too long"},
		{"v0 without name", frame0(t, "1001 1a00"), nil, "v0 envelope: field 1 is missing"},
		{"v0 without content", frame0(t, "0a0450494e47 1001"), nil, "v0 envelope: field 3 is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantError(t, c.frame, c.want, c.is)
		})
	}
}

// wantError checks the text of Decode's error, and that it is a sentinel unless
// that is nil.
func wantError(t *testing.T, frame []byte, want string, is error) {
	t.Helper()
	_, m, err := kismet.Decode(frame)
	if err == nil || m != nil {
		t.Fatalf("got %#v, %v; want error %q", m, err, want)
	}
	// protobuf varies the white space of its texts on purpose.
	got := strings.ReplaceAll(err.Error(), "\u00a0", " ")
	got = strings.ReplaceAll(got, "proto: ", "")
	if got != want {
		t.Errorf("error\ngot  %s\nwant %s", got, want)
	}
	if is != nil && !errors.Is(err, is) {
		t.Errorf("error %v is not %v", err, is)
	}
}

// What has no effect in a server is no error.
func TestDecodePassesOverWhatServersDo(t *testing.T) {
	nested := strings.Repeat("91", 15000) + "c0"
	for _, c := range []struct {
		name  string
		frame []byte
		want  kismet.Message
	}{
		{"integers of any width", frame3(t, openReport, 1, "82 cf0000000000000001 d30000000000000007 d10002 d1007f"), kismet.OpenReport{OK: true, Seq: 7, LinkType: 127}},
		{"text and nil keys, unknown keys twice", frame3(t, message, 0, "86 a131 c0 c0 c0 2a 01 2a 02 01 02 02 a161"), kismet.Text{Severity: kismet.Info, Text: "a"}},
		{"negative key", frame3(t, message, 0, "83 ff 01 01 02 02 a161"), kismet.Text{Severity: kismet.Info, Text: "a"}},
		{"deep nesting under an unknown key", frame3(t, message, 0, "83 2a"+nested+"01 02 02 a161"), kismet.Text{Severity: kismet.Info, Text: "a"}},
		{"bytes behind the map", frame3(t, message, 0, "82 01 02 02 a161 c1c1"), kismet.Text{Severity: kismet.Info, Text: "a"}},
		{"enabled as integer", frame3(t, configReport, 1, "82 01 02 03 81 06 01"), kismet.ConfigureReport{Seq: 2, OK: true, Hop: &kismet.Hop{}}},
		{"payload in a ping", frame3(t, 2, 0, "c1"), kismet.Ping{}},
		{"content as text", frame3(t, data, 0, "81 04 81 06 a161"), kismet.Data{Packet: &kismet.Packet{OrigLen: 1, Content: []byte("a")}}},
		{"microseconds without seconds", frame3(t, data, 0, "81 04 82 03 05 06 a161"), kismet.Data{Packet: &kismet.Packet{OrigLen: 1, Content: []byte("a")}}},
		{"numbers as integers", frame3(t, data, 0, "81 01 85 01 f6 02 cc08 03 ca43d84000 08 01 09 02"), kismet.Data{GPS: &kismet.GPS{Lat: -10, Lon: 8, AltM: 432.5, SpeedKMH: nan(), Heading: nan(), Precision: nan(), Sec: 1, Usec: 2}}},
		{"type that nobody knows", frame3(t, 64, 0, "c1"), kismet.Unknown{Type: 64}},
		{"error report of v3", frame3(t, 6, 0, "81 01 a161"), kismet.Unknown{Type: 6}},
		{"command that nobody knows", frame2(t, "KDSWARNINGREPORT", "ffff"), kismet.Unknown{Command: "KDSWARNINGREPORT"}},
		{"sensor's command in lower case", frame2(t, "kdsnewsource", ""), kismet.Unknown{Command: "kdsnewsource"}},
		{"warning for a message", frame2(t, "KDSOPENSOURCEREPORT", "0a04 0801 1001 5a0161"), kismet.OpenReport{Seq: 1, OK: true, Text: "a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, got := decode(t, c.frame)
			if diff := cmp.Diff(c.want, got, equal); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
