package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"

	"github.com/sensord/sensord/configs"
)

// logForm settles the form of the log: text for a person at a terminal, JSON
// for whoever collects it.
func logForm(c configs.Log, w io.Writer) configs.LogFormat {
	switch {
	case c.Format == configs.LogText || c.Format == configs.LogJSON:
		return c.Format
	case isTerminal(w):
		return configs.LogText
	}
	return configs.LogJSON
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// newLogger returns the logger of the whole process.
func newLogger(c configs.Log, w io.Writer) *slog.Logger {
	if logForm(c, w) == configs.LogJSON {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: c.Level}))
	}
	return slog.New(newLineHandler(w, c.Level))
}

// lineHandler writes a line as a person reads it: time, level, message, then
// the attributes as slog's own text handler writes them.
type lineHandler struct {
	shared *lineWriter
	attrs  slog.Handler // writes into shared.buf
}

type lineWriter struct {
	mu  sync.Mutex
	out io.Writer
	buf bytes.Buffer
}

func newLineHandler(out io.Writer, level slog.Leveler) *lineHandler {
	shared := &lineWriter{out: out}
	return &lineHandler{shared: shared, attrs: slog.NewTextHandler(&shared.buf, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && (a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
				return slog.Attr{} // in front already
			}
			return a
		},
	})}
}

// Enabled implements slog.Handler.
func (h *lineHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.attrs.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h *lineHandler) Handle(ctx context.Context, r slog.Record) error {
	const column = "      " // as wide as the longest level and a blank
	level := strings.ToLower(r.Level.String())
	line := r.Time.Format("15:04:05.000") + " " + level + column[min(len(level), len(column)-1):] + r.Message
	r.Time = slog.Record{}.Time // in front already
	s := h.shared
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf.Reset()
	if err := h.attrs.Handle(ctx, r); err != nil {
		return err
	}
	if attrs := s.buf.Bytes(); len(attrs) > 1 {
		line += " "
		line += string(attrs)
	} else {
		line += "\n"
	}
	_, err := io.WriteString(s.out, line)
	return err
}

// WithAttrs implements slog.Handler.
func (h *lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &lineHandler{shared: h.shared, attrs: h.attrs.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h *lineHandler) WithGroup(name string) slog.Handler {
	return &lineHandler{shared: h.shared, attrs: h.attrs.WithGroup(name)}
}
