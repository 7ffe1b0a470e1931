package uplink

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismet"
)

// AnnouncePort is the UDP port on which Kismet's servers announce themselves.
const AnnouncePort = 2501

const (
	websocketPort = 2501             // of a server that announced itself
	remindAfter   = 15 * time.Second // a server announces itself every 5 s
)

// A Search waits for the announcement of a server.
type Search struct {
	Log  *slog.Logger
	Port int    // UDP; AnnouncePort outside of tests
	UUID string // of the server to find; empty is any
	TCP  bool   // for its legacy TCP port instead of the websocket's

	passed map[string]bool // servers that were told to be the wrong ones
}

// Find listens until the right server was heard or ctx is done, and returns
// its host:port. Others may listen on the same port: Kismet's own tools,
// another sensord.
func (s *Search) Find(ctx context.Context) (string, error) {
	s.passed = map[string]bool{}
	lc := net.ListenConfig{Control: sharePort}
	conn, err := lc.ListenPacket(ctx, "udp4", ":"+strconv.Itoa(s.Port))
	if err != nil {
		return "", &fault.Error{
			Code: fault.LinkUnreachable, Object: "autodetect", Err: err,
			Advice: "end what holds UDP port " + strconv.Itoa(s.Port) + ", or name the server with --connect",
		}
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })()
	s.Log.Info("waiting for a server to announce itself", "udp_port", s.Port, "server_uuid", s.UUID)
	return s.wait(ctx, conn)
}

// wait reads announcements, and says from time to time that it still waits.
func (s *Search) wait(ctx context.Context, conn net.PacketConn) (string, error) {
	began := time.Now()
	buf := make([]byte, 2048)
	for {
		_ = conn.SetReadDeadline(time.Now().Add(remindAfter))
		if ctx.Err() != nil { // perhaps since before the deadline was moved
			return "", errors.New("autodetect: interrupted before a server announced itself")
		}
		n, from, err := conn.ReadFrom(buf)
		switch {
		case err == nil:
			if server := s.hear(buf[:n], from); server != "" {
				return server, nil
			}
		case ctx.Err() != nil:
		case errors.Is(err, os.ErrDeadlineExceeded):
			s.Log.Info("still waiting for a server; it announces itself if its kismet.conf says server_announce=true",
				"waited", time.Since(began).Round(time.Second))
		default:
			return "", fault.New(fault.LinkUnreachable, "autodetect", err)
		}
	}
}

// hear returns the address of the server that a datagram announces, or "" if
// it is not the one.
func (s *Search) hear(datagram []byte, from net.Addr) string {
	source, err := netip.ParseAddrPort(from.String())
	if err != nil {
		return ""
	}
	host := source.Addr().Unmap().String()
	a, err := kismet.DecodeAnnouncement(datagram)
	switch {
	case err != nil:
		s.pass(host, "err", err)
		return ""
	case s.UUID != "" && !strings.EqualFold(s.UUID, a.ServerUUID):
		s.pass(host, "reason", "it is another server", "server_uuid", a.ServerUUID, "name", a.ServerName)
		return ""
	case s.TCP && a.TCPPort == 0:
		s.pass(host, "reason", "it has no legacy TCP port", "server_uuid", a.ServerUUID, "name", a.ServerName)
		return ""
	}
	port := websocketPort // the packet's web port is garbage in every server
	if s.TCP {
		port = a.TCPPort
	}
	s.Log.Info("server found", "address", host, "port", port, "server_uuid", a.ServerUUID, "name", a.ServerName)
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// pass says once why a server was passed over; the number of hosts to say it
// of is bounded, since anybody can send datagrams.
func (s *Search) pass(host string, why ...any) {
	const most = 100
	if s.passed[host] || len(s.passed) >= most {
		return
	}
	s.passed[host] = true
	s.Log.Info("announcement passed over", append([]any{"address", host}, why...)...)
}

// sharePort lets several processes hear the same announcements.
func sharePort(_, _ string, c syscall.RawConn) error {
	var err error
	control := func(fd uintptr) {
		err = errors.Join(
			unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
			unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1),
		)
	}
	return errors.Join(c.Control(control), err)
}
