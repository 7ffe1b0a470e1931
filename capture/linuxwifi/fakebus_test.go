package linuxwifi

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"
)

// A fakeBus is a D-Bus with NetworkManager on it, as far as it is asked here.
type fakeBus struct {
	address string
	log     []string // calls, in order

	mu      sync.Mutex
	running bool            // NetworkManager is
	managed map[string]bool // by interface
	refuses bool            // to change anything
	deaf    string          // the call that is never answered; "AUTH" for the login
	garbage string          // the call that is answered with nonsense
}

// newFakeBus listens until the test ends.
func newFakeBus(t *testing.T) *fakeBus {
	t.Helper()
	b := &fakeBus{running: true, managed: map[string]bool{"wlan0": true}}
	path := filepath.Join(t.TempDir(), "bus")
	b.address = "unix:path=" + path
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { b.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	return b
}

// serve logs one client in and answers its calls until it goes.
func (b *fakeBus) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.Trim(line, "\x00\r\n")
		answer := "ERROR"
		switch {
		case b.is(&b.deaf, "AUTH"):
			answer = ""
		case b.is(&b.garbage, "AUTH"):
			answer = "\x00\xffREJECTED"
		case line == "AUTH":
			answer = "REJECTED EXTERNAL"
		case strings.HasPrefix(line, "AUTH EXTERNAL"):
			answer = "OK 0123456789abcdef0123456789abcdef"
		case line == "BEGIN":
			b.talk(c, in)
			return
		}
		if answer != "" {
			_, _ = fmt.Fprintf(c, "%s\r\n", answer)
		}
	}
}

func (b *fakeBus) is(field *string, call string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return *field == call
}

func (b *fakeBus) talk(c net.Conn, in *bufio.Reader) {
	for serial := uint32(1); ; serial++ {
		call, err := dbus.DecodeMessage(in)
		if err != nil {
			return
		}
		member, _ := call.Headers[dbus.FieldMember].Value().(string)
		if b.is(&b.deaf, member) {
			continue
		}
		if b.is(&b.garbage, member) {
			_, _ = c.Write(bytes.Repeat([]byte{0xff}, 64))
			continue
		}
		name, body := b.answer(member, call.Body)
		reply := &dbus.Message{Type: dbus.TypeMethodReply, Body: body, Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldReplySerial: dbus.MakeVariant(call.Serial()),
		}}
		if name != "" {
			reply.Type = dbus.TypeError
			reply.Headers[dbus.FieldErrorName] = dbus.MakeVariant(name)
		}
		if len(body) > 0 {
			reply.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(body...))
		}
		var out bytes.Buffer
		if err := reply.EncodeTo(&out, binary.LittleEndian); err != nil {
			panic(err)
		}
		binary.LittleEndian.PutUint32(out.Bytes()[8:], serial)
		if _, err := c.Write(out.Bytes()); err != nil {
			return
		}
	}
}

// answer is what the bus or NetworkManager says: an error's name, or "" and the
// values.
func (b *fakeBus) answer(member string, args []any) (name string, body []any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.log = append(b.log, fmt.Sprint(member, args))
	switch member {
	case "Hello":
		return "", []any{":1.1"}
	case "NameHasOwner":
		return "", []any{b.running}
	case "GetDeviceByIpIface":
		if _, ok := b.managed[args[0].(string)]; !ok {
			return managerName + ".UnknownDevice", []any{"no such device"}
		}
		return "", []any{dbus.ObjectPath("/org/freedesktop/NetworkManager/Devices/7")}
	case "Get":
		return "", []any{dbus.MakeVariant(b.managed["wlan0"])}
	case "Set":
		if b.refuses {
			return managerName + ".PermissionDenied", []any{"Not\nauthorized"}
		}
		b.managed["wlan0"] = args[2].(dbus.Variant).Value().(bool)
		return "", nil
	}
	return "org.freedesktop.DBus.Error.UnknownMethod", []any{member}
}
