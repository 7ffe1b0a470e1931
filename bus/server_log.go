//go:build !lite

package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// serverLog hands on what nats-server says. A line that comes again within a
// minute is counted, not repeated: a hub that is away would fill the log.
type serverLog struct {
	log    *slog.Logger
	all    bool                // heard takes every line, not only warnings
	heard  []func(text string) // from any goroutine, with locks of the server held
	mu     sync.Mutex
	fatal  error
	recent map[string]*repeat
}

type repeat struct {
	since time.Time
	more  int
}

// harmless is in what a hub's server says at each start: how far it is with each
// rig, it reads from its stream.
const harmless = "Sourcing state is outdated"

const (
	repeatAfter = time.Minute
	maxRepeats  = 256 // different lines that are remembered
	maxLogLine  = 1 << 10
)

func newServerLog(log *slog.Logger, all bool, heard ...func(string)) *serverLog {
	return &serverLog{log: log, all: all, heard: heard, recent: map[string]*repeat{}}
}

// wantsAll reports whether more is wanted than warnings.
func (l *serverLog) wantsAll() bool {
	return l.all || l.log.Enabled(context.Background(), slog.LevelDebug)
}

// Noticef implements server.Logger. What nats-server takes for notable, its
// banner among it, is for us.
func (l *serverLog) Noticef(format string, v ...any) { l.note(format, v) }

// Warnf implements server.Logger.
func (l *serverLog) Warnf(format string, v ...any) { l.tell(format, v) }

// Errorf implements server.Logger. It is a warning here: what a person has to
// do something about is told by who uses the server.
func (l *serverLog) Errorf(format string, v ...any) { l.tell(format, v) }

// Fatalf implements server.Logger. The server's own ends the process.
func (l *serverLog) Fatalf(format string, v ...any) {
	l.mu.Lock()
	if l.fatal == nil {
		l.fatal = errors.New(strings.TrimSpace(fmt.Sprintf(format, v...)))
	}
	l.mu.Unlock()
	l.tell(format, v)
}

// Debugf implements server.Logger.
func (l *serverLog) Debugf(format string, v ...any) { l.note(format, v) }

// Tracef implements server.Logger.
func (l *serverLog) Tracef(string, ...any) {}

// failed returns why the server could not start, or nil.
func (l *serverLog) failed() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fatal
}

// note is for lines that are no warnings. Why a leaf is not connected stands in
// some of them.
func (l *serverLog) note(format string, v []any) {
	if !l.wantsAll() {
		return
	}
	text := oneLine(format, v)
	if l.all {
		l.pass(text)
	}
	l.log.Debug("nats server", "text", text)
}

func (l *serverLog) pass(text string) {
	for _, heard := range l.heard {
		heard(text)
	}
}

func (l *serverLog) tell(format string, v []any) {
	text := oneLine(format, v)
	l.pass(text)
	if l.all && leafFault("", text) != nil || strings.Contains(text, harmless) {
		l.log.Debug("nats server", "text", text) // the first is told by who hears it
		return
	}
	if more, again := l.again(text, time.Now()); !again {
		if more > 0 {
			l.log.Warn("nats server", "text", text, "repeated", more)
			return
		}
		l.log.Warn("nats server", "text", text)
	}
}

// again reports whether a line like this one was written less than a minute
// ago; if not, how many were left out before.
func (l *serverLog) again(text string, now time.Time) (more int, again bool) {
	key := strings.Map(func(r rune) rune { // connections, attempts and times have numbers
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, text)
	l.mu.Lock()
	defer l.mu.Unlock()
	if r, ok := l.recent[key]; ok {
		if now.Sub(r.since) < repeatAfter {
			r.more++
			return 0, true
		}
		more = r.more
	}
	if len(l.recent) >= maxRepeats {
		for k, r := range l.recent {
			if now.Sub(r.since) >= repeatAfter {
				delete(l.recent, k)
			}
		}
		if len(l.recent) >= maxRepeats {
			return 0, true // so many different ones are a flood
		}
	}
	l.recent[key] = &repeat{since: now}
	return more, false
}

func oneLine(format string, v []any) string {
	text := strings.TrimSpace(fmt.Sprintf(format, v...))
	if len(text) > maxLogLine {
		text = text[:maxLogLine] + "..."
	}
	return strings.ToValidUTF8(text, "?")
}
