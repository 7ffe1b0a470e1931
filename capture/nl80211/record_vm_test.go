//go:build vm

package nl80211_test

import (
	"bytes"
	"encoding/base64"
	"flag"
	"os"
	"slices"
	"testing"

	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/capture/nl80211/nl80211test"
	"github.com/sensord/sensord/internal/vmtest"
)

// record names a file that gets what this machine's kernel says of its radios;
// "-" writes it into the test's log instead, for a machine whose files are gone
// when it is switched off:
//
//	go test -tags vm -run TestVMRecord ./capture/nl80211 -record wifi.nl.gz
//	.ci/vm ./capture/nl80211 -- -run=TestVMRecord -record=- | awk '$1 == "recorded" { print $2 }' | base64 -d
var record = flag.String("record", os.Getenv("SENSORD_RECORD"), "file for what the kernel says of its radios")

// TestVMRecord: what is recorded, answers as the kernel does.
func TestVMRecord(t *testing.T) {
	vmtest.NewRadio(t, vmtest.RadioOptions{Phy: "bonnet"})
	vmtest.NewRadio(t, vmtest.RadioOptions{Phy: "roof", Channels: 2})
	ctx, live := vmtest.Context(t), dial(t)
	recording, err := nl80211test.Record()
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := recording.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	whole := slices.Clone(file.Bytes())
	t.Logf("%d messages, %d bytes packed", len(recording), len(whole))
	again, err := nl80211test.Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	recorded, _ := client(t, again.Answer)
	for name, ask := range map[string]func(*nl80211.Client) (any, error){
		"phys":       func(c *nl80211.Client) (any, error) { return c.Phys(ctx) },
		"interfaces": func(c *nl80211.Client) (any, error) { return c.Interfaces(ctx) },
		"regulatory": func(c *nl80211.Client) (any, error) { return c.Regulatory(ctx, nl80211.Everyone) },
	} {
		want, err := ask(live)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ask(recorded)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, name, want, got)
	}
	switch *record {
	case "":
	case "-":
		for part := range slices.Chunk(whole, 3*200) { // no padding but at the end
			t.Logf("\nrecorded %s", base64.StdEncoding.EncodeToString(part))
		}
	default:
		if err := os.WriteFile(*record, whole, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
