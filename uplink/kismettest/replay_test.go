package kismettest_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

// A message is a line of a session recorded between Kismet's tools and servers.
type message struct {
	Dir string
	Hex string
}

func recording(t testing.TB, name string) []message {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "wire", name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var list []message
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var m message
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	return list
}

// What a recorded tool said is said again; the server must answer byte for byte
// as the recorded one did, at the same places.
func TestRecordedSessionsReplay(t *testing.T) {
	for _, tt := range []struct {
		file    string
		profile kismettest.Profile
		uuid    string
		frames  int
		hopping bool
	}{
		{"t25-pcapfile.jsonl", kismettest.T25, "4E1D07C3-0000-0000-0000-00001E6104AD", 10, false},
		{"t25-pcapfile.jsonl", kismettest.Split, "4E1D07C3-0000-0000-0000-00001E6104AD", 10, false},
		{"t25-pcapfile.jsonl", kismettest.T25PB, "4E1D07C3-0000-0000-0000-00001E6104AD", 10, false},
		{"t25-linuxwifi.jsonl", kismettest.T25, "5FE308BD-0000-0000-0000-020000000200", 6, true},
		{"t23-pcapfile.jsonl", kismettest.T23, "4E1D07C3-0000-0000-0000-00001E6104AD", 10, false},
	} {
		for _, tr := range transports() {
			t.Run(tt.profile.String()+" "+tt.file+" "+tr.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					srv := start(t, kismettest.Config{Profile: tt.profile})
					c := tr.dial(t, srv, kismet.V3)
					for i, m := range recording(t, tt.file) {
						frame, err := hex.DecodeString(m.Hex)
						if err != nil {
							t.Fatal(err)
						}
						if m.Dir == "c>s" {
							c.raw(frame)
							continue
						}
						got, err := c.read()
						if err != nil {
							t.Fatalf("message %d: %v", i, err)
						}
						if want := defined(frame); !bytes.Equal(want, got) {
							t.Fatalf("message %d:\nwant %x\ngot  %x", i, want, got)
						}
					}
					synctest.Wait()
					src := source(t, srv, tt.uuid)
					if !src.Running || !src.Listed || src.Frames != tt.frames || src.Hopping != tt.hopping || src.Early != 0 {
						t.Errorf("source after the session: %+v", src)
					}
					if f := srv.Frames(tt.uuid)[0]; f.GPS == nil || f.GPS.Lat != 52.1 || f.LinkType != 127 {
						t.Errorf("first frame: %+v", f)
					}
				})
			})
		}
	}
}

// defined clears the byte of a v2 header that real servers leave to chance.
func defined(frame []byte) []byte {
	if frame[4] == 0xAB && frame[5] == 0xCD {
		frame[43] = 0
	}
	return frame
}
