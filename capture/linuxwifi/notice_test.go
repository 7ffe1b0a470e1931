package linuxwifi

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/capture"
)

func TestNotices(t *testing.T) {
	tests := []struct {
		name string
		do   func(*fake)
		kind NoticeKind
		want string
	}{
		{
			"retuned", func(f *fake) { f.ifaces[5].channel = capture.Channel{FreqMHz: 2462} },
			NoticeRetuned, "another program tuned it from 6 to 11",
		},
		{
			"interface renamed", func(f *fake) { f.ifaces[5].name = "ears" },
			NoticeRenamed, "interface wlan0mon is ears now",
		},
		{
			"phy renamed", func(f *fake) { f.phys[0].name = "roof" },
			NoticeRenamed, "phy phy0 is roof now",
		},
		{"regulation", func(f *fake) {
			bands := f.phys[0].bands[0]
			bands.Frequencies = append([]capture.Frequency(nil), bands.Frequencies...)
			bands.Frequencies[12].Disabled, bands.HT40 = false, false
			f.phys[0].bands = []capture.BandCapability{bands}
		}, NoticeChannels, "the regulatory domain changed: 13 channels can be used, before it were "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				var notices []Notice
				r := openOn(t, f, Options{Notify: func(n Notice) { notices = append(notices, n) }}, "wlan0:channel=6")
				f.do(func() { test.do(f) })
				advance(t, 3*time.Second)
				if len(notices) != 1 || notices[0].Kind != test.kind || !strings.HasPrefix(notices[0].Text, test.want) {
					t.Errorf("notices %+v", notices)
				}
				if test.kind == NoticeRetuned && r.Tuned().Number() != 11 {
					t.Errorf("tuned to %v", r.Tuned())
				}
			})
		})
	}
}

// TestOwnTuningIsNoNotice hops all the time while the watcher looks.
func TestOwnTuningIsNoNotice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		r := openOn(t, f, Options{Notify: func(n Notice) { t.Errorf("notice %+v", n) }}, "wlan0")
		names := []string{"1", "6", "11", "3HT40+", "9HT40-"}
		for i := range 500 {
			name := names[i%len(names)]
			if err := r.Tune(t.Context(), channel(t, name)); err != nil {
				t.Fatal(err)
			}
			if got := r.Tuned().String(); got != name {
				t.Errorf("tuned to %s, want %s", got, name)
			}
			advance(t, 17*time.Millisecond)
		}
	})
}
