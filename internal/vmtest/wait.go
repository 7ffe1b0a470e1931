//go:build linux

package vmtest

import (
	"context"
	"testing"
	"time"
)

// patience is how long something may take that takes an instant on a machine
// that is not emulated.
const patience = time.Minute

// Context is a context that ends with the test, or when patience does.
func Context(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// Wait waits until done reports true. It looks every 10 ms, for a minute
// at most, and then ends the test with what it waited for.
func Wait(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline.C:
			t.Fatalf("waited %v in vain until %s", patience, what)
		case <-tick.C:
		}
	}
}
