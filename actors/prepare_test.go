package actors

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
)

// Whether a radio hears this machine's own link is a matter of where that goes
// out to: the proxy where there is one.
func TestLinksGoOutToTheirProxies(t *testing.T) {
	dialers := []*uplink.Dialer{
		{Server: uplink.Server{Host: "a.example"}},
		{Server: uplink.Server{Host: "b.example", Proxy: &uplink.Proxy{Host: "proxy.example", Port: 3128}}},
	}
	if got := firstHops(dialers); !slices.Equal(got, []string{"a.example", "proxy.example"}) {
		t.Errorf("links go out to %q", got)
	}
}

// Who cannot start is not told that it goes on.
func TestASpoolThatCannotBeMadeIsSaidAsAnEnd(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	world := newFakeWorld(2412)
	_, err := Start(Options{
		Config: configs.Config{
			Servers: []configs.Server{{Name: "home"}}, Sources: []configs.Source{radioOf(t, "wlan0")},
			Spool: configs.Spool{Dir: filepath.Join(file, "spool"), MemoryBytes: 1 << 20},
		},
		Log: slog.New(slog.DiscardHandler), Dialers: []*uplink.Dialer{{}}, open: world.open, watch: world.watch,
	})
	if remedy := fault.RemedyOf(err); fault.CodeOf(err) != fault.DiskFailed || strings.Contains(remedy, "captures on") || !strings.Contains(remedy, "--spool DIR") {
		t.Errorf("%v: %s", err, remedy)
	}
}
