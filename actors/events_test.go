package actors

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/internal/fault"
)

func TestWhatIsLoggedIsToldTheFleet(t *testing.T) {
	gone := fault.Newf(fault.RadioGone, "radio wlan1", "unplugged")
	for _, c := range []struct {
		name string
		log  func(*slog.Logger)
		want *pb.Event
	}{
		{"words", func(l *slog.Logger) { l.Info("frames flow") }, &pb.Event{Severity: pb.Event_INFO, Text: "frames flow"}},
		{"for debugging", func(l *slog.Logger) { l.Debug("a hop was late") }, nil},
		{
			"a fault of a source",
			func(l *slog.Logger) {
				l.With("source", "roof").Warn("link lost", "err", gone, "code", fault.CodeOf(gone), "remedy", fault.RemedyOf(gone), "retry_in", "2s", "waiting", 7)
			},
			&pb.Event{
				Severity: pb.Event_WARN, Source: "roof", Code: "radio.gone", Object: "radio wlan1", Text: "link lost: radio wlan1: unplugged",
				Remedy: fault.RadioGone.Remedy(), Details: map[string]string{"retry_in": "2s", "waiting": "7"},
			},
		},
		{
			"a fault inside another error",
			func(l *slog.Logger) { l.Error("given up", "err", fmt.Errorf("at the end: %w", gone)) },
			&pb.Event{Severity: pb.Event_ERROR, Object: "radio wlan1", Text: "given up: at the end: radio wlan1: unplugged"},
		},
		{
			"any error", func(l *slog.Logger) { l.Error("given up", "err", errors.New("no")) },
			&pb.Event{Severity: pb.Event_ERROR, Text: "given up: no"},
		},
		{
			"one that is none", func(l *slog.Logger) { l.Warn("given up", "err", (*fault.Error)(nil)) },
			&pb.Event{Severity: pb.Event_WARN, Text: "given up: <nil>"},
		},
		{"none", func(l *slog.Logger) { l.Warn("given up", "err", nil) }, &pb.Event{Severity: pb.Event_WARN, Text: "given up"}},
		{
			"a receiver in a group",
			func(l *slog.Logger) {
				l.With("receiver", "puck").WithGroup("sky").With("inner", 1).Info("a fix", "n", 2)
			},
			&pb.Event{Severity: pb.Event_INFO, Source: "puck", Text: "a fix", Details: map[string]string{"n": "2"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var text bytes.Buffer
			var told *pb.Event
			quiet := slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelError})
			c.log(slog.New(&eventLog{Handler: quiet, publish: func(e *pb.Event) { told = e }}))
			if diff := cmp.Diff(c.want, told, protocmp.Transform()); diff != "" {
				t.Error(diff)
			}
			logged := c.want != nil && c.want.GetSeverity() == pb.Event_ERROR
			if strings.Contains(text.String(), "given up") != logged {
				t.Errorf("the log has %q", text.String())
			}
		})
	}
}
