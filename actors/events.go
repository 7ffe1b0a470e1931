package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/internal/fault"
)

// eventLog hands what a rig logs to the bus as well, but for what is for
// debugging: whatever a person in front of it would be told, the fleet is told.
type eventLog struct {
	slog.Handler
	publish func(*pb.Event)
	given   []slog.Attr // by Logger.With
	group   bool        // given attributes are in a group from here on, and left out
}

// Enabled implements slog.Handler: the fleet hears what the log is too short for.
func (h *eventLog) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo || h.Handler.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h *eventLog) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelInfo {
		h.publish(eventOf(r, h.given))
	}
	if !h.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *eventLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	n := *h
	n.Handler = h.Handler.WithAttrs(attrs)
	if !h.group {
		n.given = slices.Concat(h.given, attrs)
	}
	return &n
}

// WithGroup implements slog.Handler.
func (h *eventLog) WithGroup(name string) slog.Handler {
	n := *h
	n.Handler, n.group = h.Handler.WithGroup(name), n.group || name != ""
	return &n
}

// eventOf is a record of the log as an event. Attributes that every event has a
// place for go there, the others are its details; the error belongs to the text.
func eventOf(r slog.Record, given []slog.Attr) *pb.Event {
	e := &pb.Event{Text: r.Message, Severity: severityOf(r.Level)}
	take := func(a slog.Attr) bool {
		v := a.Value.Resolve()
		switch a.Key {
		case "":
		case "source", "receiver":
			e.Source = v.String()
		case "code":
			e.Code = v.String()
		case "remedy":
			e.Remedy = v.String()
		case "err":
			err, ok := v.Any().(error)
			if !ok || err == nil {
				break
			}
			e.Text += ": " + fmt.Sprint(err) // which survives what is none
			if f, ok := errors.AsType[*fault.Error](err); ok && f != nil {
				e.Object = f.Object
			}
		default:
			if e.Details == nil {
				e.Details = map[string]string{}
			}
			e.Details[a.Key] = fmt.Sprint(v.Any())
		}
		return true
	}
	for _, a := range given {
		take(a)
	}
	r.Attrs(take)
	return e
}

func severityOf(level slog.Level) pb.Event_Severity {
	switch {
	case level >= slog.LevelError:
		return pb.Event_ERROR
	case level >= slog.LevelWarn:
		return pb.Event_WARN
	case level >= slog.LevelInfo:
		return pb.Event_INFO
	}
	return pb.Event_DEBUG
}
