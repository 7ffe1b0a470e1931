package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// What was dropped is shown as lost, and not as confirmed, whatever the cursor
// says of it.
func TestSpoolShowTellsLossesFromWhatWasConfirmed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	rig, err := spool.Open(spool.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	store, err := rig.Source(roofUUID, "roof", capture.TypeLinuxWifi, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Write(60_350, keptBatch(0, 10), 0); err != nil {
		t.Fatal(err)
	}
	if err := store.Commit(); err != nil {
		t.Fatal(err)
	}
	store.Move(spool.Cursors{Acked: 60_360, Sent: 60_360, Owned: 60_360})
	store.Tally(spool.Tally{Confirmed: 26_430, Newest: 33_900, Disk: 30})
	if err := store.Tick(60_360, 0, spool.Now{}); err != nil {
		t.Fatal(err)
	}
	if err := rig.Close(); err != nil {
		t.Fatal(err)
	}

	const lost = "33 930 since then: 33 900 that came when all was full, 30 as the disk was full or failed"
	_, out, _ := sensord(t, "spool", "show", "--spool", dir)
	for _, want := range []string{"  confirmed  26 430 since", "  lost       " + lost, "nothing waits, 33 930 lost so far\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("show says no %q:\n%s", want, out)
		}
	}
	_, list, _ := sensord(t, "spool", "--spool", dir)
	if all := out + list; strings.Contains(all, "60360") || strings.Contains(all, "60 360") || strings.Contains(all, "all is confirmed") || !strings.Contains(list, "33 930 lost so far") {
		t.Errorf("show and list say:\n%s", all)
	}
	_, out, _ = sensord(t, "spool", "--json", "--spool", dir)
	var kept keptSpool
	if err := json.Unmarshal([]byte(out), &kept); err != nil || len(kept.Sources) != 1 {
		t.Fatalf("%v in %s", err, out)
	}
	s := kept.Sources[0]
	if diff := cmp.Diff(map[string]uint64{"newest": 33_900, "disk": 30}, s.DroppedBy); diff != "" || s.Confirmed != 26_430 || s.Dropped != 33_930 || s.Lost != 0 {
		t.Errorf("%+v (-want +got):\n%s", s, diff)
	}
}
