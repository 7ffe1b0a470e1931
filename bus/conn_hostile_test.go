//go:build !lite

package bus_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/internal/fault"
)

// said is what clients have said to a server.
type said struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// hostile greets each client, takes its login where more is not empty, goes on
// with more, and hears what it says until it goes.
func hostile(greeting, more string) (serve func(net.Conn), heard *said) {
	heard = new(said)
	return func(c net.Conn) {
		r := bufio.NewReader(io.TeeReader(c, heard))
		if _, err := io.WriteString(c, greeting); err != nil {
			return
		}
		for more != "" {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			if line == "PING\r\n" {
				break
			}
		}
		if more != "" {
			_, _ = io.WriteString(c, "PONG\r\n"+more)
		}
		_, _ = io.Copy(io.Discard, r)
	}, heard
}

const greeting = "INFO {\"headers\":true,\"max_payload\":1048576}\r\n"

// Whatever a server says, it says why the rig, or who watches, is not connected,
// and nothing else comes of it.
func TestHostileServers(t *testing.T) {
	own, _ := testTLS(t)
	for _, tt := range []struct {
		name, greeting, more string
		change               func(*bus.Options)
		code                 fault.Code
		text                 string
	}{
		{"another protocol", "SSH-2.0-OpenSSH_9.9\r\n", "", nil, fault.BusRefused, "no NATS server"},
		{"a greeting without sense", "INFO {\"tls_required\":\"perhaps\"}\r\n", "", nil, fault.BusRefused, "no NATS server"},
		{"a deep greeting", "INFO " + strings.Repeat("[", 30000) + "\r\n", "", nil, fault.BusRefused, "no NATS server"},
		{"a greeting without an end", "INFO " + strings.Repeat(" ", 1<<20), "", nil, fault.BusRefused, "does not end"},
		{"a line without an end", greeting, "INFO " + strings.Repeat("x", 1<<20), nil, fault.BusRefused, "does not end"},
		{"a message larger than memory", greeting, "MSG a 1 9223372036854775807\r\nx", nil, fault.BusRefused, "more than 8 MiB"},
		{"a message of a gigabyte", greeting, "MSG a 1 1073741824\r\nx", nil, fault.BusRefused, "more than 8 MiB"},
		{"no protocol", greeting, "\x00\xff\r\n", nil, fault.BusRefused, "nats"},
		{"words for the terminal", "-ERR '\x1b[2Jhello\a'\r\n", "", nil, fault.BusRefused, "?[2Jhello?"},
		{"more than TLS", "INFO {\"tls_required\":true}\r\nPONG\r\n", "", nil, fault.BusTLS, "goes on without TLS"},
		{"no TLS where an authority is named", greeting, "PONG\r\n", func(o *bus.Options) {
			o.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}, fault.BusTLS, "there is no TLS there"},
		{"no TLS where there has to be some", greeting, "PONG\r\n", func(o *bus.Options) {
			o.URLs = []string{strings.Replace(o.URLs[0], "nats://", "TLS://", 1)}
		}, fault.BusTLS, "there is no TLS there"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			serve, heard := hostile(tt.greeting, tt.more)
			o := joinOptions(t, "rover", talk(t, serve).url())
			o.User, o.Password = "rover", "secret"
			if tt.change != nil {
				tt.change(&o)
			}
			r := startRig(t, o)
			w := watching(t, bus.WatchOptions{URLs: o.URLs, User: o.User, Password: o.Password, TLS: o.TLS})
			bustest.Wait(t, "the reason", func() bool {
				_, err := r.told(tt.code)
				return err != nil && strings.Contains(strings.ToLower(err.Error()), strings.ToLower(tt.text))
			})
			bustest.Wait(t, "the reason", func() bool {
				err := w.Err()
				return fault.CodeOf(err) == tt.code && strings.Contains(strings.ToLower(err.Error()), strings.ToLower(tt.text))
			})
			w.Close()
			r.stop()
			if tt.code == fault.BusTLS && strings.Contains(heard.String(), "secret") {
				t.Error("the password was told")
			}
		})
	}
	// An end right after the handshake is mostly for want of a certificate.
	t.Run("no more than TLS", func(t *testing.T) {
		server, trusting := own, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12} //nolint:gosec // it is ours
		s := talk(t, func(c net.Conn) {
			if _, err := io.WriteString(c, "INFO {\"tls_required\":true}\r\n"); err == nil {
				_ = tls.Server(c, server).Handshake()
			}
		})
		o := joinOptions(t, "rover", s.url())
		o.TLS = trusting
		_ = startRig(t, o).says(t, fault.BusTLS)
	})
}

// A server that names others is not believed: they would be told the password.
func TestNobodyElseIsToldThePassword(t *testing.T) {
	var strangers, clients atomic.Int64
	stranger := talk(t, func(net.Conn) { strangers.Add(1) })
	s := talk(t, func(c net.Conn) {
		clients.Add(1)
		serve, _ := hostile("INFO {\"connect_urls\":[\""+stranger.Addr().String()+"\"]}\r\n", "-ERR 'Stale Connection'\r\n")
		serve(c)
	})
	o := joinOptions(t, "rover", s.url())
	o.User, o.Password = "rover", "secret"
	startRig(t, o)
	watching(t, bus.WatchOptions{URLs: o.URLs, User: o.User, Password: o.Password})
	bustest.Wait(t, "some attempts", func() bool { return clients.Load() >= 8 })
	if n := strangers.Load(); n != 0 {
		t.Errorf("the stranger was asked %d times", n)
	}
}

// Who says nothing, or little at a time, is not waited for.
func TestAServerThatTakesItsTime(t *testing.T) {
	t.Parallel() // it mostly waits
	s := talk(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "INFO {")
		_, _ = io.Copy(io.Discard, c)
	})
	r := startRig(t, joinOptions(t, "rover", s.url()))
	if e := r.says(t, fault.BusRefused); !strings.Contains(e.Error(), "no NATS server") {
		t.Errorf("says %v", e)
	}
}

// Neither is anybody kept from ending by whoever does not answer.
func TestTheEndAtAServerThatTakesItsTime(t *testing.T) {
	for _, first := range []string{"", "INFO {", greeting, "INFO {\"tls_required\":true}\r\n"} {
		asked := make(chan struct{}, 1)
		s := talk(t, func(c net.Conn) {
			_, _ = io.WriteString(c, first)
			select {
			case asked <- struct{}{}:
			default:
			}
			_, _ = io.Copy(io.Discard, c)
		})
		r := startRig(t, joinOptions(t, "rover", s.url()))
		<-asked
		r.stop()
		w := watching(t, bus.WatchOptions{URLs: []string{s.url()}})
		<-asked
		w.Close()
	}
}
