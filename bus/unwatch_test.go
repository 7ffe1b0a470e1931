package bus

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A deafWatch is of a server that does not answer.
type deafWatch struct {
	jetstream.KeyWatcher
	closed chan struct{}
}

func (w deafWatch) Stop() error {
	<-w.closed
	return nil
}

// A bus ends though the hub does not answer, as behind a line that is frozen.
func TestAWatchEndsWithoutItsServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := deafWatch{closed: make(chan struct{})}
		begun := time.Now()
		unwatch(w)
		if took := time.Since(begun); took != watchTimeout {
			t.Errorf("it took %v", took)
		}
		close(w.closed) // with the connection
		begun = time.Now()
		unwatch(w)
		if took := time.Since(begun); took != 0 {
			t.Errorf("where it answers it took %v", took)
		}
	})
}
