package actors

import (
	"context"
	"testing"
)

// What ends before its work began still has it done: a short recording is one.
func TestATurnThatIsFreeIsTakenWhateverTheTime(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	done := 0
	for range 100 {
		_ = newTurn().do(ended, func(context.Context) error { done++; return nil })
	}
	if done != 100 {
		t.Errorf("%d of 100 are done", done)
	}
	taken := newTurn()
	taken <- struct{}{}
	if err := taken.do(ended, func(context.Context) error { t.Error("two at a time"); return nil }); err != nil {
		t.Error(err)
	}
}
