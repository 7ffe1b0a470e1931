package spool_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// Many sources share little room: what each is writing to is not all of it.
func TestManySourcesShareLittleRoom(t *testing.T) {
	var said bytes.Buffer
	rig := open(t, spool.Options{Dir: t.TempDir(), SizeBytes: 8 << 20, Sync: spool.Never, Log: slog.New(slog.NewTextHandler(&said, nil))})
	var stores []*spool.Store
	for i := range 12 {
		stores = append(stores, source(t, rig, capture.UUID{byte(i + 1)}))
	}
	for n := uint64(0); n < 10_000; n += 100 {
		for _, s := range stores {
			mustWrite(t, s, n, n+100, 150)
		}
	}
	for i, s := range stores {
		if u, d, _ := s.Usage(); u.Frames < 1000 || u.Frames+d.Size != 10_000 {
			t.Errorf("source %d holds %d frames, and gave up %d", i, u.Frames, d.Size)
		}
	}
	if used, limit, _ := rig.Usage(); used > limit {
		t.Errorf("%d bytes used of %d", used, limit)
	}
	if strings.Contains(said.String(), "cannot be kept") {
		t.Errorf("said\n%s", said.String())
	}
	if err := rig.Close(); err != nil {
		t.Fatal(err)
	}
}
