package uplink

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/sensord/sensord/uplink/kismet"
)

const serverUUID = "5FE308BD-0000-0000-0000-020000000001"

func TestHearAnnouncement(t *testing.T) {
	from := &net.UDPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 4000}
	announced := kismet.AppendAnnouncement(nil, kismet.Announcement{TCPPort: 3502, ServerUUID: serverUUID, ServerName: "home"})
	silent := kismet.AppendAnnouncement(nil, kismet.Announcement{ServerUUID: serverUUID})
	for _, tt := range []struct {
		name     string
		search   Search
		datagram []byte
		want     string // address
		log      string // part of it
	}{
		{"websocket", Search{}, announced, "192.0.2.7:2501", "server found"},
		{"tcp", Search{TCP: true}, announced, "192.0.2.7:3502", "server found"},
		{"the right one", Search{UUID: strings.ToLower(serverUUID)}, announced, "192.0.2.7:2501", "name=home"},
		{"another one", Search{UUID: "00000000-0000-0000-0000-000000000001"}, announced, "", "it is another server"},
		{"no tcp there", Search{TCP: true}, silent, "", "it has no legacy TCP port"},
		{"no announcement", Search{}, []byte("hello"), "", "announcement passed over"},
		{"nothing", Search{}, nil, "", "announcement passed over"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			tt.search.Log, tt.search.passed = slog.New(slog.NewTextHandler(&log, nil)), map[string]bool{}
			for range 2 {
				if got := tt.search.hear(tt.datagram, from); got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			}
			if !strings.Contains(log.String(), tt.log) {
				t.Errorf("log lacks %q: %s", tt.log, log.String())
			}
			if n := strings.Count(log.String(), "\n"); tt.want == "" && n != 1 {
				t.Errorf("%d lines of log for one server:\n%s", n, log.String())
			}
		})
	}
}

// notify calls a function for every line of a log.
type notify func(line string)

func (f notify) Write(p []byte) (int, error) {
	f(string(p))
	return len(p), nil
}

// listening starts a search and returns its port, once it listens.
func listening(ctx context.Context, t *testing.T) (port int, result <-chan string) {
	t.Helper()
	began, done := make(chan struct{}), make(chan string, 1)
	s := Search{Log: slog.New(slog.NewTextHandler(notify(func(line string) {
		if strings.Contains(line, "waiting for a server") {
			close(began)
		}
	}), nil)), Port: freeUDPPort(t)}
	port = s.Port
	go func() {
		server, err := s.Find(ctx)
		if err != nil {
			server = err.Error()
		}
		done <- server
	}()
	select {
	case <-began:
	case server := <-done:
		t.Fatalf("ended before it began: %s", server)
	}
	return port, done
}

func freeUDPPort(t *testing.T) int {
	t.Helper()
	probe, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer probe.Close()
	return probe.LocalAddr().(*net.UDPAddr).Port
}

func TestSearchHearsAnnouncement(t *testing.T) {
	port, done := listening(t.Context(), t)
	conn, err := net.Dial("udp4", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, datagram := range [][]byte{[]byte("rubbish"), kismet.AppendAnnouncement(nil, kismet.Announcement{ServerUUID: serverUUID})} {
		if _, err := conn.Write(datagram); err != nil {
			t.Fatal(err)
		}
	}
	if got := <-done; got != "127.0.0.1:2501" {
		t.Errorf("got %q", got)
	}
}

func TestSearchEndsWhenInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, done := listening(ctx, t)
	cancel()
	if got := <-done; got != "autodetect: interrupted before a server announced itself" {
		t.Errorf("got %q", got)
	}
}

func TestSearchSharesThePort(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	port, done := listening(ctx, t)
	lc := net.ListenConfig{Control: sharePort}
	second, err := lc.ListenPacket(ctx, "udp4", ":"+strconv.Itoa(port))
	if err != nil {
		t.Error(err)
	} else {
		_ = second.Close()
	}
	cancel()
	<-done
}
