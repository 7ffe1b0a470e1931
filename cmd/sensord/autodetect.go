package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismet"
)

const (
	announcePort = 2501             // where Kismet's servers announce themselves
	remindAfter  = 15 * time.Second // a server announces itself every 5 s
)

// toBeFound stands for the server while the rest of the configuration is
// checked; so a mistake in it is told before a long wait, not after.
const toBeFound = "server.invalid"

// checkSearch refuses what cannot go with --autodetect.
func (a *app) checkSearch(v *values, f *configs.Flags) error {
	switch {
	case f.Connect != "" || f.Host != "":
		return usageError("--autodetect", "give one of the two", "--connect names the server already")
	case f.SSL:
		return usageError("--autodetect", "name the proxy with --connect", "a server announces itself, and Kismet's own has no TLS")
	}
	if v.autodetect != bare {
		if _, err := capture.ParseUUID(v.autodetect); err != nil {
			return usageError("--autodetect", "write --autodetect=UUID, or --autodetect for any server", "%w", err)
		}
	}
	f.Connect = toBeFound
	return nil
}

// findServer waits for the announcement of the server that --autodetect asks
// for, and returns its host and port as --connect has them.
func (a *app) findServer(log *slog.Logger, v *values) (string, error) {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	s := search{log: log, tcp: v.TCP, passed: map[string]bool{}}
	if v.autodetect != bare {
		s.uuid = v.autodetect
	}
	return s.listen(ctx, a.announcePort)
}

// search is a wait for announcements.
type search struct {
	log    *slog.Logger
	uuid   string // of the server to find; "" is any
	tcp    bool
	passed map[string]bool // servers that were told to be the wrong ones
}

// listen waits on a UDP port until the right server was heard or ctx is done.
// Others may listen on the same port: Kismet's own tools, another sensord.
func (s *search) listen(ctx context.Context, port int) (string, error) {
	lc := net.ListenConfig{Control: sharePort}
	conn, err := lc.ListenPacket(ctx, "udp4", ":"+strconv.Itoa(port))
	if err != nil {
		return "", &fault.Error{
			Code: fault.LinkUnreachable, Object: "--autodetect", Err: err,
			Advice: "end what holds UDP port " + strconv.Itoa(port) + ", or name the server with --connect",
		}
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })()
	s.log.Info("waiting for a server to announce itself", "udp_port", port, "server_uuid", s.uuid)
	return s.wait(ctx, conn)
}

// wait reads announcements, and says from time to time that it still waits.
func (s *search) wait(ctx context.Context, conn net.PacketConn) (string, error) {
	began := time.Now()
	buf := make([]byte, 2048)
	for {
		_ = conn.SetReadDeadline(time.Now().Add(remindAfter))
		if ctx.Err() != nil { // perhaps since before the deadline was moved
			return "", errors.New("--autodetect: interrupted before a server announced itself")
		}
		n, from, err := conn.ReadFrom(buf)
		switch {
		case err == nil:
			if server := s.hear(buf[:n], from); server != "" {
				return server, nil
			}
		case ctx.Err() != nil:
		case errors.Is(err, os.ErrDeadlineExceeded):
			s.log.Info("still waiting for a server; it announces itself if its kismet.conf says server_announce=true",
				"waited", time.Since(began).Round(time.Second))
		default:
			return "", fault.New(fault.LinkUnreachable, "--autodetect", err)
		}
	}
}

// hear returns the address of the server that a datagram announces, or "" if
// it is not the one.
func (s *search) hear(datagram []byte, from net.Addr) string {
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
	case s.uuid != "" && !strings.EqualFold(s.uuid, a.ServerUUID):
		s.pass(host, "reason", "it is another server", "server_uuid", a.ServerUUID, "name", a.ServerName)
		return ""
	case s.tcp && a.TCPPort == 0:
		s.pass(host, "reason", "it has no legacy TCP port", "server_uuid", a.ServerUUID, "name", a.ServerName)
		return ""
	}
	port := announcePort // the packet's web port is garbage in every server
	if s.tcp {
		port = a.TCPPort
	}
	s.log.Info("server found", "address", host, "port", port, "server_uuid", a.ServerUUID, "name", a.ServerName)
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// pass says once why a server was passed over; the number of hosts to say it
// of is bounded, since anybody can send datagrams.
func (s *search) pass(host string, why ...any) {
	const most = 100
	if s.passed[host] || len(s.passed) >= most {
		return
	}
	s.passed[host] = true
	s.log.Info("announcement passed over", append([]any{"address", host}, why...)...)
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
