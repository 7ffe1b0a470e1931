package configs

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
)

func TestParseSize(t *testing.T) {
	for _, tt := range []struct {
		in      string
		want    int64
		wantErr string
	}{
		{"64MiB", 64 << 20, ""},
		{"64 MiB", 64 << 20, ""},
		{"1.5kB", 1500, ""},
		{"0B", 0, ""},
		{"2GiB", 2 << 30, ""},
		{"1TB", 1e12, ""},
		{"64", 0, `"64" has no unit`},
		{"64M", 0, `"64M" is no size`},
		{"-1B", 0, `"-1B" is no size`},
		{"", 0, `"" is no size`},
		{"MiB", 0, `"MiB" is no size`},
		{"0x10B", 0, `"0x10B" is no size`},
		{"1e30B", 0, `"1e30B" is too large`},
	} {
		got, err := ParseSize(tt.in)
		if got != tt.want || errText(err) != tt.wantErr {
			t.Errorf("ParseSize(%q) = %d, %v; want %d, %s", tt.in, got, err, tt.want, tt.wantErr)
		}
	}
	for _, n := range []int64{0, 1, 1500, 1 << 10, 64 << 20, 3 << 40} {
		if back, err := ParseSize(FormatSize(n)); back != n || err != nil {
			t.Errorf("ParseSize(FormatSize(%d)) = %d, %v", n, back, err)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestParseURL(t *testing.T) {
	const login = "a login does not belong in the url"
	for _, tt := range []struct{ in, want string }{
		{"ws://k", "ws://k:2501" + DefaultEndpoint},
		{"WS://k/", "ws://k:2501" + DefaultEndpoint},
		{"http://k:80/x.ws", "ws://k:80/x.ws"},
		{"wss://k", "wss://k:443" + DefaultEndpoint},
		{"https://k:2501/kismet/datasource/remote/", "wss://k:2501/kismet/datasource/remote/remotesource.ws"},
		{"tcp://k", "tcp://k:3501"},
		{"tcp://k:4000/", "tcp://k:4000"},
		{"ws://[::1]:8080", "ws://[::1]:8080" + DefaultEndpoint},
		{"ws://[fe80::1%25eth0]", "ws://[fe80::1%eth0]:2501" + DefaultEndpoint},
		{"k:2501", `"k:2501" has no scheme`},
		{"ftp://k", `unknown scheme "ftp"`},
		{"ws://u:secret@k", login},
		{"u:secret@k", login},
		{"ws://u:sec/ret@k", login},
		{"ws://k?KISMET=secret", "a query does not belong in the url"},
		{"ws://k#x", "a query does not belong in the url"},
		{"tcp://k/x", "legacy TCP has no path"},
		{"ws://", "the host is missing"},
		{"ws://k:x", `this is no URL: invalid port ":x" after host`},
		{"ws://k:99999", `port "99999" is no port number`},
		{"ws://k:3501", "port 3501 is Kismet's legacy TCP port, which speaks no websocket"},
		{"tcp://k:2501", "port 2501 is Kismet's web port, which does not speak legacy TCP"},
	} {
		u, m := parseURL(tt.in)
		got := m.what
		if !m.made() {
			got = u.url()
		} else if m.right == "" {
			t.Errorf("parseURL(%q) gives no remedy", tt.in)
		}
		if got != tt.want {
			t.Errorf("parseURL(%q):\n got %s\nwant %s", tt.in, got, tt.want)
		}
	}
}

func TestNearest(t *testing.T) {
	words := []string{"servers", "sources", "spool", "log", "rig"}
	for in, want := range map[string]string{
		"server": "servers", "serves": "servers", "Sources": "sources", "souces": "sources", "sproll": "spool", "olg": "log", "logs": "log",
		"rig": "rig", "banana": "", "": "", "x": "", strings.Repeat("s", 100): "",
	} {
		if got := Nearest(in, words); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzLoad reads any text as a configuration, on a machine without files: a
// complete Config or at least one problem, each in one line with its place.
func FuzzLoad(f *testing.F) {
	seeds, err := filepath.Glob("testdata/*/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range seeds {
		text, err := os.ReadFile(seed)
		if err != nil {
			f.Fatal(err)
		}
		input, _, _ := strings.Cut(string(text), "-- want --\n")
		f.Add(input)
	}
	f.Add("a: &a [*a]\nservers: *a\n")
	f.Add("servers: &s\n- url: *s\n")
	f.Fuzz(func(t *testing.T, text string) {
		l := newLoader("fuzz.yaml")
		l.readFile = func(string, int64) ([]byte, fs.FileMode, error) { return []byte("0123456789"), 0o600, nil }
		l.fileExists = func(name string) bool { return strings.HasSuffix(name, "p") }
		l.interfaceExists = func(name string) bool { return name == "lo" }
		l.interfaceMAC = func(string) (net.HardwareAddr, bool) { return nil, false }
		l.interfacePhy = func(string) string { return "" }
		l.root = func() bool { return false }
		l.hostname = func() (string, error) { return "fuzz", nil }
		loaded, err := l.load([]byte(text), nil, Flags{})
		if err != nil {
			checkErrors(t, err)
			return
		}
		checkConfig(t, loaded.Config)
	})
}

func checkErrors(t *testing.T, err error) {
	t.Helper()
	problems, ok := err.(Errors) //nolint:errorlint // Load promises this type itself
	if !ok || len(problems) == 0 {
		t.Fatalf("error is a %T with %d problems", err, len(problems))
	}
	if n := strings.Count(err.Error(), "\n") + 1; n != len(problems) {
		t.Errorf("%d problems in %d lines:\n%v", len(problems), n, err)
	}
	for _, p := range problems {
		if p.File != "fuzz.yaml" || p.Line < 0 || p.What == "" || p.Right == "" {
			t.Errorf("problem is not complete: %+v", p)
		}
	}
	if fault.CodeOf(err) != fault.ConfigInvalid {
		t.Errorf("code is %s", fault.CodeOf(err))
	}
}

func checkConfig(t *testing.T, c Config) {
	t.Helper()
	if len(c.Servers) == 0 && c.Record.Dir == "" || len(c.Sources) == 0 || c.Rig == "" {
		t.Fatalf("config is not complete: %+v", c)
	}
	seen := map[string]bool{}
	for _, s := range c.Servers {
		if s.Host == "" || s.Port < 1 || s.Port > 65535 || s.Name == "" || seen[s.Name] || (s.Transport == TransportWebsocket) != strings.HasPrefix(s.Path, "/") ||
			(s.CertFile == "") != (s.KeyFile == "") || (s.Proxy.Mode == ProxyURL) != (s.Proxy.URL != "") || (s.Proxy.User == "") != (s.Proxy.Password == "") {
			t.Errorf("server is not complete: %+v", s)
		}
		seen[s.Name] = true
	}
	checkKept(t, c)
	checkBus(t, c)
	seen = map[string]bool{}
	for _, source := range c.Sources {
		radio := source.Type == capture.TypeLinuxWifi
		if source.UUID.IsZero() && !radio || seen[source.UUID.String()] || source.Name == "" || !radio && source.Type != capture.TypePcapFile {
			t.Errorf("source is not complete: %+v", source)
		}
		if radio && (source.RingBytes < MinRingBytes || source.RingBytes > MaxRingBytes || source.Hop.Mode == "" || source.Hop.Rate < 0 || source.Hop.Rate > maxHopRate) {
			t.Errorf("radio is not complete: %+v", source)
		}
		seen[source.UUID.String()] = !source.UUID.IsZero()
	}
	if p := c.GPS.Fixed; p != nil && !(p.Lat >= -90 && p.Lat <= 90 && p.Lon >= -180 && p.Lon <= 180) {
		t.Errorf("position is off the globe: %+v", *p)
	}
	names := map[string]bool{}
	for _, r := range c.GPS.Receivers {
		if r.Name == "" || names[r.Name] || r.Type == ReceiverNMEA && (r.Feed == "" || (r.Device == "") == (r.Address == "")) || r.Type == ReceiverGPSD && r.Address == "" || r.Latency < 0 {
			t.Errorf("receiver is not complete: %+v", r)
		}
		if (r.Type == ReceiverMeta || r.Type == ReceiverWeb) && (c.Web.Listen == "" || r.Expire <= 0) {
			t.Errorf("nothing can be posted to %+v", r)
		}
		names[r.Name] = true
	}
	if g := c.GPS; g.Mode != GPSFusion && g.Mode != GPSPriority || g.Motion != MotionCar && g.Motion != MotionFoot || g.Predict < 0 || !(g.LimitM > 0) || g.MetaGPS.Interval <= 0 {
		t.Errorf("position is not complete: %+v", g)
	}
	if w := c.Web; w.Listen != "" && (w.Token == "") == (w.TokenFile == "") || (w.CertFile == "") != (w.KeyFile == "") {
		t.Errorf("web is not complete: %+v", w)
	}
}

// checkKept looks at what says where frames are kept, written and not taken.
func checkKept(t *testing.T, c Config) {
	t.Helper()
	if s := c.Spool; s.MemoryBytes < minMemoryBytes || s.SizeBytes < minSpoolBytes || s.MaxAge < 0 || s.After < 0 || s.SyncEvery <= 0 || s.Sync == "" || s.Drop == "" ||
		s.Dir != "" && !filepath.IsAbs(s.Dir) {
		t.Errorf("spool is not complete: %+v", s)
	}
	if r := c.Record; r.Dir != "" && (!filepath.IsAbs(r.Dir) || r.SizeBytes < minRecordBytes || r.Every < 0 || r.SyncEvery <= 0 || r.TotalBytes < 0) {
		t.Errorf("recording is not complete: %+v", r)
	}
	if r := c.Replay; !(r.FramesPerSecond >= 0) || r.BytesPerSecond < 0 {
		t.Errorf("replay is not complete: %+v", r)
	}
	names := map[string]bool{}
	for _, z := range c.Privacy.Zones {
		if !(z.RadiusM >= gps.MinZoneRadiusM && z.RadiusM <= gps.MaxZoneRadiusM) || z.Name == "" || names[z.Name] {
			t.Errorf("zone is not complete: %+v", z)
		}
		names[z.Name] = true
	}
	if s := c.Status.Socket; s != "" && (!filepath.IsAbs(s) || len(s) > maxSocketPath) {
		t.Errorf("socket is %q", s)
	}
}

// checkBus looks at what says how rigs hear of each other.
func checkBus(t *testing.T, c Config) {
	t.Helper()
	b := c.Bus
	if b.Mode == BusOff {
		if len(b.Bridge) > 0 {
			t.Errorf("a bus that is off has bridges: %+v", b)
		}
	} else if !busToken(b.Fleet) || !busToken(b.Rig) || (b.Mode == BusEmbedded) != (len(b.URLs) == 0) || b.Rate < minBusRate || b.Rate > maxBusRate || b.Every <= 0 ||
		b.Claims == "" || (b.CertFile == "") != (b.KeyFile == "") || (b.User == "") != (b.Password == "") || b.CredsFile != "" && (b.User != "" || !filepath.IsAbs(b.CredsFile)) {
		t.Errorf("bus is not complete: %+v", b)
	}
	if own := b.Mode == BusEmbedded || b.Mode == BusLeaf; own && (!BusServer || b.StoreBytes < minBusBytes || b.StoreAge <= 0) || !own && (b.Listen != "" || b.StoreDir != "") ||
		b.Listen != "" && !loopback(b.Listen) || b.StoreDir != "" && !filepath.IsAbs(b.StoreDir) {
		t.Errorf("bus's server is not complete: %+v", b)
	}
	heard := func(h Heard) bool { return b.Mode != BusOff && (h.Rig != "" || h.MetaGPS != "") && h.Rig != b.Rig }
	for _, r := range c.GPS.Receivers {
		if r.Type == ReceiverBus && (!heard(r.From) || r.Expire <= 0) {
			t.Errorf("nobody is followed by %+v", r)
		}
	}
	for _, bridge := range b.Bridge {
		if !busToken(bridge.Name) || !heard(bridge.From) || !(bridge.Rate > 0) || bridge.Expire <= 0 || len(c.Servers) == 0 {
			t.Errorf("bridge is not complete: %+v", bridge)
		}
	}
}
