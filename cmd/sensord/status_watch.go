package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// statusEvery is how often sensords are asked.
const statusEvery = time.Second

// asked is what came of asking all sensords; err is that there is none.
type asked struct {
	answers []answer
	err     error
	at      time.Time
}

// A statusAudience is shown again and again how sensords are. An error is one of
// writing, and ends it.
type statusAudience interface {
	show(asked) error
	resized() error // the terminal has another size now
	finish()
}

// watchStatus shows how sensords are until a signal or key ends it. That none
// runs is shown as well, until one does.
func (a *app) watchStatus(ask func(context.Context) ([]answer, error), asJSON bool) error {
	signal.Ignore(syscall.SIGPIPE) // it is an error of writing then, and an end in order
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	w := &statusWatch{ask: ask, every: statusEvery, show: a.statusAudience(asJSON)}
	if _, screen := w.show.(*fullScreen); screen {
		sizes := make(chan os.Signal, 1)
		signal.Notify(sizes, syscall.SIGWINCH)
		defer signal.Stop(sizes)
		w.sizes = sizes
		keys, restore := keysOf(ctx, a.in)
		defer restore()
		w.keys = keys
	}
	return enough(w.run(ctx))
}

// statusAudience chooses who is shown: a program, a terminal, or whoever reads
// the lines.
func (a *app) statusAudience(asJSON bool) statusAudience {
	_, _, terminal := terminalSize(a.out)
	style := styleOf(a.environ, terminal)
	switch {
	case asJSON:
		return &statusJSON{a.out}
	case !terminal || style.dumb:
		return &statusPlain{out: a.out}
	}
	return newFullScreen(a.out, style)
}

type statusWatch struct {
	ask   func(context.Context) ([]answer, error)
	every time.Duration
	show  statusAudience
	sizes <-chan os.Signal
	keys  <-chan byte
}

// run shows what is answered until ctx is done, or q is pressed.
func (w *statusWatch) run(ctx context.Context) error {
	defer w.show.finish()
	ctx, cancel := context.WithCancel(ctx)
	var asking sync.WaitGroup
	defer asking.Wait()
	defer cancel()
	news := make(chan asked)
	asking.Go(func() { w.askOn(ctx, news) })
	for {
		var err error
		select {
		case s := <-news:
			err = w.show.show(s)
		case <-w.sizes:
			err = w.show.resized()
		case key := <-w.keys:
			if key == 'q' || key == 'Q' || key == 4 { // Ctrl-D
				return nil
			}
		case <-ctx.Done():
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// askOn asks at once, and again and again.
func (w *statusWatch) askOn(ctx context.Context, news chan<- asked) {
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for {
		answers, err := w.ask(ctx)
		select {
		case news <- asked{answers, err, time.Now()}:
		case <-ctx.Done():
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// statusJSON prints an object for each sensord that answers.
type statusJSON struct{ out io.Writer }

func (j *statusJSON) show(s asked) error { return encodeStatus(j.out, s.answers) }
func (j *statusJSON) resized() error     { return nil }
func (j *statusJSON) finish()            {}

// statusPlain prints a line for each.
type statusPlain struct{ out io.Writer }

func (p *statusPlain) show(s asked) error {
	var b strings.Builder
	at := s.at.UTC().Format(time.TimeOnly)
	if s.err != nil {
		b.WriteString(harmless(withCommas(at+"  "+s.err.Error(), fault.RemedyOf(s.err))) + "\n")
	}
	for i := range s.answers {
		b.WriteString(harmless(at+"  "+statusLine(&s.answers[i], len(s.answers) > 1)) + "\n")
	}
	_, err := io.WriteString(p.out, b.String())
	return err
}

func (p *statusPlain) resized() error { return nil }
func (p *statusPlain) finish()        {}

// statusLine is a sensord in one line, with its name where there are several.
func statusLine(a *answer, several bool) string {
	if a.err != nil {
		return "NO ANSWER: " + a.err.Error()
	}
	s := &a.status
	at := "at "
	if s.Position == nil || s.Hidden {
		at = "position "
	}
	parts := []string{s.Sentence, at + placeStatus(s)}
	for i := range s.Sources {
		src := &s.Sources[i]
		text := src.Name + " " + src.Capture + ", link " + src.Link.State + ", " + framesStatus(&src.Frames, len(s.Servers) > 0)
		if len(s.Servers) > 0 {
			text += "; waiting " + waitingStatus(&src.Frames)
		}
		parts = append(parts, text)
	}
	line := strings.Join(parts, " | ")
	if several {
		return s.Rig + "  " + line
	}
	return line
}
