package linuxwifi

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestRoutesAreToldOnceInAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		announce := make(chan struct{})
		listen := func(ctx context.Context, changed func()) error {
			changed()
			for {
				select {
				case <-announce:
					changed()
				case <-ctx.Done():
					return errors.New("closed") // by what ended it
				}
			}
		}
		told := 0
		ended := make(chan error, 1)
		go func() { ended <- watchRoutes(ctx, listen, func() { told++ }) }()
		advance(t, time.Minute)
		if told != 1 {
			t.Errorf("told %d times at the beginning", told)
		}
		for range 100 {
			announce <- struct{}{}
		}
		advance(t, time.Minute)
		if told != 3 { // the first of them at once, the others together
			t.Errorf("told %d times, want 3", told)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestRoutesEndWithTheKernelsError(t *testing.T) {
	deaf := errors.New("deaf")
	err := watchRoutes(t.Context(), func(context.Context, func()) error { return deaf }, func() { t.Error("told") })
	if !errors.Is(err, deaf) {
		t.Errorf("error %v", err)
	}
}
