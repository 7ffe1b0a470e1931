package actors

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
)

// startPositions starts a rig of receivers only, on the real network.
func startPositions(t *testing.T, g configs.GPS, web configs.Web) (*Rig, *logLines) {
	t.Helper()
	log := &logLines{}
	r, err := Start(Options{
		Config: configs.Config{GPS: g, Web: web}, Log: slog.New(slog.NewTextHandler(log, nil)), Version: "test", Positions: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return r, log
}

// eventually waits for a condition of a rig on the real clock.
func eventually(t *testing.T, r *Rig, what string, is func(Status) bool) Status {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		s := r.Status()
		if is(s) {
			return s
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("never %s: %+v", what, s.GPS)
		}
	}
}

func phoneGPS() configs.GPS {
	g := gpsOf()
	g.Receivers = []configs.Receiver{{Name: "phone", Type: configs.ReceiverMeta, Expire: 2 * time.Second}}
	return g
}

// A phone that feeds a Kismet server feeds sensord with the same request.
func TestPostedPositionIsTheRigs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "web.token")
	r, log := startPositions(t, phoneGPS(), configs.Web{Listen: "127.0.0.1:0", TokenFile: file})
	address := eventually(t, r, "listens", func(s Status) bool { return s.GPS.Web != "" }).GPS.Web
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("token file: %v, %v", info, err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	token := strings.TrimSpace(string(data))

	post := func(body string) int {
		url := fmt.Sprintf("http://%s/gps/meta/phone/update.cmd?KISMET=%s", address, token)
		resp, err := http.Post(url, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	if status := post(`{"lat": 52.52, "lon": 13.405, "alt": 34, "spd": 36, "accuracy": 5}`); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	s := eventually(t, r, "a position", func(s Status) bool { return s.HasPosition })
	if p := s.Position; p.Lat < 52.51 || p.Lat > 52.53 || p.Receiver != "phone" || s.GPS.Receivers[0].State != ReceiverFix {
		t.Errorf("position %+v, receiver %+v", p, s.GPS.Receivers[0])
	}
	eventually(t, r, "stale", func(s Status) bool { return s.GPS.Receivers[0].State == ReceiverStale })
	if strings.Contains(log.String(), token) {
		t.Error("the token is in the log")
	}
}

// An address that is taken is told, and tried again.
func TestTakenAddressOfTheWebSideIsTold(t *testing.T) {
	first, _ := startPositions(t, phoneGPS(), configs.Web{Listen: "127.0.0.1:0", Token: "secret"})
	address := eventually(t, first, "listens", func(s Status) bool { return s.GPS.Web != "" }).GPS.Web
	_, log := startPositions(t, phoneGPS(), configs.Web{Listen: address, Token: "secret"})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !strings.Contains(log.String(), string(fault.WebListen)) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the log says\n%s", log)
		}
	}
}

func TestTokenFileThatCannotBe(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{empty, t.TempDir(), "/dev/null/web.token"} {
		_, err := webToken(configs.Web{TokenFile: file})
		if fault.CodeOf(err) != fault.WebToken || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", file, err)
		}
	}
}
