package pcapfile

import (
	"context"
	"errors"
	"os"
	"time"
)

// patience is how long frames wait in a batch for more from a pipe.
const patience = 20 * time.Millisecond

// A pipe is a file that gives its bytes when somebody writes them. Its reads
// end with the context, and in a hurry soon. Reading goes on after
// os.ErrDeadlineExceeded, except for compressed data.
type pipe struct {
	file  *os.File
	ctx   context.Context // of the ReadBatch under way
	hurry bool
}

func (p *pipe) Read(b []byte) (int, error) {
	var deadline time.Time
	if p.hurry {
		deadline = time.Now().Add(patience)
	}
	if err := p.file.SetReadDeadline(deadline); err != nil && !errors.Is(err, os.ErrNoDeadline) {
		return 0, err
	}
	// Looked at behind SetReadDeadline, which may have undone watch's.
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.file.Read(b)
}

func (p *pipe) Close() error { return p.file.Close() }

// watch makes reads end with ctx, until the function that it returns is called.
func (p *pipe) watch(ctx context.Context) (done func()) {
	p.ctx = ctx
	stop := context.AfterFunc(ctx, func() { _ = p.file.SetReadDeadline(time.Unix(1, 0)) })
	return func() { stop() }
}
