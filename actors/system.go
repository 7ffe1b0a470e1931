package actors

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/eventstream"
)

// newSystem returns an actor system whose process registry works on 32-bit
// machines: the library hashes names into a signed index, which is negative
// for half of all names there (its issue 755). With a single bucket every
// index modulo 1 is 0. It also saves the 3 MB of the 1 024 buckets.
func newSystem(log *slog.Logger) *actor.ActorSystem {
	sys := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(warnings{log.Handler()})
	}))
	r := sys.ProcessRegistry.LocalPIDs
	r.LocalPIDs = append(r.LocalPIDs[:0:0], r.LocalPIDs[0])
	sys.ProcessRegistry.Add(actor.NewEventStreamProcess(sys), "eventstream")
	// Nobody hears of messages to actors that have ended: that is everyday life
	// here, and the library's own listener keeps a goroutine for 10 s each time.
	sys.EventStream = eventstream.NewEventStream()
	return sys
}

// warnings leaves out what the actor library says of its daily life.
type warnings struct{ slog.Handler }

// Enabled implements slog.Handler.
func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

// spawner is what starts actors: a parent's context, or the root's.
type spawner interface {
	SpawnNamed(props *actor.Props, id string) (*actor.PID, error)
}

// spawn starts an actor under a name that logs can show, as
// rig/source-1/uplink. A parent that starts again has no children any more, so
// a name that is taken is a bug.
func spawn(ctx spawner, name string, props *actor.Props) *actor.PID {
	pid, err := ctx.SpawnNamed(props, name)
	if err != nil {
		panic("actors: spawn " + name + ": " + err.Error())
	}
	return pid
}

// Limits of the wait before a failed actor starts again.
const (
	restartMin = 100 * time.Millisecond
	restartMax = 30 * time.Second
)

// restart is how every actor of a rig is supervised: an actor that panics
// starts again after a wait that grows with its failures, for ever. The
// library's own strategies give up after a while, or overflow on 32 bits.
type restart struct {
	log      *slog.Logger
	failures atomic.Uint64
}

// HandleFailure implements actor.SupervisorStrategy.
func (r *restart) HandleFailure(_ *actor.ActorSystem, supervisor actor.Supervisor, child *actor.PID, rs *actor.RestartStatistics, reason, message any) {
	if rs.NumberOfFailures(2*restartMax) == 0 {
		rs.Reset()
	}
	rs.Fail()
	wait := restartWait(rs.FailureCount())
	r.log.Error("actor failed and starts again", "actor", child.Id, "reason", reason, "message", message, "wait", wait)
	r.failures.Add(1)
	time.AfterFunc(wait, func() { supervisor.RestartChildren(child) })
}

// restartWait is exponential in the number of failures, with full jitter above
// the minimum.
func restartWait(failures int) time.Duration {
	most := restartMin << min(max(failures, 1), 16)
	return restartMin + rand.N(min(most, restartMax)-restartMin+1)
}

// A task is an actor's one goroutine of blocking work. Its owner stops it
// before the actor is gone.
type task struct {
	cancel func()
	done   chan struct{}
}

// startTask does work in a goroutine of its own, until its ctx is done. What it
// sends carries the task, so that the actor knows that of an earlier one.
func startTask(work func(ctx context.Context, t *task)) *task {
	ctx, cancel := context.WithCancel(context.Background())
	t := &task{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(t.done)
		work(ctx, t)
	}()
	return t
}

// ended reports whether the work is done. A nil task is none.
func (t *task) ended() bool {
	if t == nil {
		return true
	}
	select {
	case <-t.done:
		return true
	default:
		return false
	}
}

// taskGrace bounds how long a stopping actor waits for work that is stuck in
// the kernel, as the opening of a FIFO that nobody writes.
const taskGrace = 2 * time.Second

// stop cancels the work and waits for its end. A nil task is none.
func (t *task) stop() {
	if t == nil {
		return
	}
	t.cancel()
	select {
	case <-t.done:
	case <-time.After(taskGrace):
	}
}
