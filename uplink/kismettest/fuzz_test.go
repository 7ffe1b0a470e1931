package kismettest_test

import (
	"encoding/hex"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

// Whatever a sensor sends, the server survives it, and keeps its promises about
// what it then shows.
func FuzzSession(f *testing.F) {
	files, err := filepath.Glob("testdata/wire/*.jsonl")
	if err != nil || len(files) == 0 {
		f.Fatal("no recordings", err)
	}
	for _, file := range files {
		var stream []byte
		name := filepath.Base(file)
		for _, m := range recording(f, name)[:8] {
			if m.Dir == "c>s" {
				p, _ := hex.DecodeString(m.Hex)
				stream = append(stream, p...)
			}
		}
		f.Add(strings.HasPrefix(name, "t23"), stream)
	}
	f.Add(false, []byte("GET / HTTP/1.1\r\n\r\n"))
	f.Fuzz(func(t *testing.T, old bool, stream []byte) {
		cfg := kismettest.Config{}
		if old {
			cfg.Profile = kismettest.T23
		}
		srv := kismettest.New(cfg)
		c := dialTCP(t, srv, kismet.V3)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				if _, err := c.read(); err != nil {
					return
				}
			}
		}()
		_, _ = c.conn.Write(stream)
		_ = c.conn.Close()
		<-done
		srv.Close()
		for _, src := range srv.Sources() {
			if src.Running || src.Error == "" || src.Listed && src.Type == "" {
				t.Errorf("source after the end: %+v", src)
			}
			if n := len(srv.Frames(src.UUID)); n != src.Frames && src.UUID != "" && len(srv.Sources()) == 1 {
				t.Errorf("%d frames kept of %d", n, src.Frames)
			}
		}
	})
}
