package actors

import (
	"context"
	"log/slog"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/internal/fault"
)

// worker keeps a piece of blocking work going that answers to nobody: what
// writes a log to disk, a recording, or watches the network. Work that ends by
// itself begins again after a while; why it did is said when it changes.
type worker struct {
	name  string
	log   *slog.Logger
	work  func(ctx context.Context) error
	task  *task
	timer *time.Timer
	code  fault.Code // of the last trouble
}

// What a worker's goroutine and timer tell it.
type (
	workEnded struct {
		task *task
		err  error
	}
	workAgain struct{}
)

const workAgainIn = 5 * time.Second

// startWorker starts one as a child of ctx.
func (s *shared) startWorker(ctx spawner, name string, log *slog.Logger, work func(ctx context.Context) error) *actor.PID {
	return spawn(ctx, name, s.props(func() actor.Actor { return &worker{name: name, log: log, work: work} }))
}

// Receive implements actor.Actor.
func (w *worker) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started, workAgain:
		w.begin(ctx)
	case workEnded:
		if m.task == w.task {
			w.ended(ctx, m.err)
		}
	case *actor.Stopping, *actor.Restarting:
		if w.timer != nil {
			w.timer.Stop()
		}
		w.task.stop()
	}
}

func (w *worker) begin(ctx actor.Context) {
	self, send := ctx.Self(), ctx.ActorSystem().Root.Send
	w.task = startTask(func(working context.Context, t *task) {
		if err := w.do(working); working.Err() == nil {
			send(self, workEnded{t, err})
		}
	})
}

// do is the work. A panic in it is its end, and of nothing else.
func (w *worker) do(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.Newf(fault.Internal, w.name, "panic: %v", p)
		}
	}()
	return w.work(ctx)
}

func (w *worker) ended(ctx actor.Context, err error) {
	if err != nil {
		level := slog.LevelWarn
		if code := codeOr(err, fault.Internal); code == w.code {
			level = slog.LevelDebug
		} else {
			w.code = code
		}
		w.log.Log(context.Background(), level, "stopped, and begins again", "what", w.name, "err", err, "code", w.code, "remedy", fault.RemedyOf(err))
	}
	w.timer = after(ctx, w.timer, workAgainIn, workAgain{})
}
