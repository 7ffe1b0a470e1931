package nl80211_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/genetlink/genltest"
	"github.com/mdlayher/netlink"
	"go.uber.org/goleak"

	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/capture/nl80211/nl80211test"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client returns a client of a kernel that answers with answer.
func client(t *testing.T, answer genltest.Func) (*nl80211.Client, *nl80211test.Kernel) {
	t.Helper()
	return clientOf(t, nl80211test.Options{Answer: answer})
}

func clientOf(t *testing.T, o nl80211test.Options) (*nl80211.Client, *nl80211test.Kernel) {
	t.Helper()
	kernel := nl80211test.New(o)
	c, err := nl80211.DialWith(kernel.Dial)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, kernel
}

// message returns a reply or an event.
func message(t testing.TB, command uint8, encode func(*netlink.AttributeEncoder)) genetlink.Message {
	t.Helper()
	ae := netlink.NewAttributeEncoder()
	if encode != nil {
		encode(ae)
	}
	data, err := ae.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return genetlink.Message{Header: genetlink.Header{Command: command, Version: 1}, Data: data}
}

// replies answers every request with the same messages.
func replies(messages ...genetlink.Message) genltest.Func {
	return func(genetlink.Message, netlink.Message) ([]genetlink.Message, error) { return messages, nil }
}

func diff(t *testing.T, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// check compares an error's text, "" for none.
func check(t *testing.T, want string, err error) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Errorf("error %q, want %q", got, want)
	}
}

func background() context.Context { return context.Background() }
