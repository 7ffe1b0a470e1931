package kismet_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink/kismet"
)

func TestDecodeAnnouncementRefuses(t *testing.T) {
	good := readHex(t, "ann-1-announcement")
	change := func(at int, b byte) []byte {
		p := bytes.Clone(good)
		p[at] = b
		return p
	}
	for _, c := range []struct {
		name string
		p    []byte
		want string
	}{
		{"nothing", nil, "kismet: not a Kismet frame"},
		{"cut short", good[:101], "kismet: not a Kismet frame"},
		{"other tag", change(7, 'X'), "kismet: not a Kismet frame"},
		{"other version", change(9, 2), "announcement: version 2, want 1"},
		{"impossible port", change(15, 1), "announcement: TCP port 69037"},
	} {
		a, err := kismet.DecodeAnnouncement(c.p)
		if err == nil || err.Error() != c.want || a != (kismet.Announcement{}) {
			t.Errorf("%s: got %+v, %v; want %s", c.name, a, err, c.want)
		}
	}
	if _, err := kismet.DecodeAnnouncement(good[:50]); !errors.Is(err, kismet.ErrNotKismet) {
		t.Errorf("error %v is not ErrNotKismet", err)
	}
}

func TestAnnouncementIsMadePrintable(t *testing.T) {
	p := readHex(t, "ann-1-announcement")
	copy(p[18:], bytes.Repeat([]byte{0xff}, 16))
	copy(p[34:], "\x1b[2J\xff\n")
	copy(p[70:], "K\u00e4se \u202e\u200b\xe2\x82\x00rest")
	got, err := kismet.DecodeAnnouncement(append(p, "more"...))
	if err != nil {
		t.Fatal(err)
	}
	want := kismet.Announcement{
		TCPPort: 3501, ServerUUID: "?[2J??11-2222-3333-4444-555555555555", ServerName: "K\u00e4se ????",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAppendAnnouncementCuts(t *testing.T) {
	want := kismet.Announcement{TCPPort: 1, ServerUUID: strings.Repeat("a", 36), ServerName: strings.Repeat("b", 31), Time: time.Unix(5, 6000).UTC()}
	long := want
	long.ServerUUID += "a"
	long.ServerName += "bb"
	got, err := kismet.DecodeAnnouncement(kismet.AppendAnnouncement(nil, long))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
