package nl80211_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/capture/nl80211/nl80211test"
)

func silent(t *testing.T) (c *nl80211.Client, kernel *nl80211test.Kernel, quiet *atomic.Bool) {
	quiet = &atomic.Bool{}
	c, kernel = clientOf(t, nl80211test.Options{
		Answer: replies(monitor(t, 5, 0, "mon0")),
		Edit: func(_ netlink.Message, out [][]netlink.Message) [][]netlink.Message {
			if quiet.Load() {
				return nil
			}
			return out
		},
	})
	return c, kernel, quiet
}

func TestCancelledRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, kernel, quiet := silent(t)
		quiet.Store(true)
		ctx, cancel := context.WithCancel(background())
		result := make(chan error)
		go func() {
			_, err := c.Interface(ctx, 5)
			result <- err
		}()
		synctest.Wait()
		cancel()
		err := <-result
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want that of the context", err)
		}
		check(t, "look at interface 5: context canceled", err)
		synctest.Wait()
		if n := kernel.Open(); n != 0 {
			t.Errorf("%d connections left on which a late answer could come", n)
		}
		quiet.Store(false)
		if _, err := c.Interface(background(), 5); err != nil {
			t.Errorf("after a cancelled request: %v", err)
		}
		if _, err := c.Interface(ctx, 5); !errors.Is(err, context.Canceled) {
			t.Errorf("with a context that has ended: %v", err)
		}
		if n := kernel.Dialled(); n != 2 {
			t.Errorf("%d connections, want 2", n)
		}
	})
}

func TestTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, quiet := silent(t)
		quiet.Store(true)
		began := time.Now()
		_, err := c.Interface(background(), 5)
		check(t, "look at interface 5: no answer from the kernel within 5s", err)
		if !errors.Is(err, unix.ETIMEDOUT) {
			t.Errorf("%v is not ETIMEDOUT", err)
		}
		if took := time.Since(began); took != nl80211.DefaultTimeout {
			t.Errorf("gave up after %v, want %v", took, nl80211.DefaultTimeout)
		}

		ctx, cancel := context.WithTimeout(background(), time.Minute)
		defer cancel()
		began = time.Now()
		if _, err := c.Interface(ctx, 5); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want that of the context", err)
		}
		if took := time.Since(began); took != time.Minute {
			t.Errorf("gave up after %v, want the context's minute", took)
		}
	})
}

func TestStuckKernel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var asked atomic.Int32
		c, kernel := client(t, func(genetlink.Message, netlink.Message) ([]genetlink.Message, error) {
			if asked.Add(1) == 1 {
				<-release
			}
			return nil, nil
		})
		for range 3 {
			err := c.DelInterface(background(), 5)
			if !errors.Is(err, unix.ETIMEDOUT) {
				t.Errorf("error %v, want ETIMEDOUT", err)
			}
		}
		if n := asked.Load(); n != 1 {
			t.Errorf("%d requests are stuck in the kernel, want 1", n)
		}
		close(release)
		if err := c.DelInterface(background(), 5); err != nil {
			t.Errorf("after the kernel came back: %v", err)
		}
		if n := kernel.Dialled(); n != 2 {
			t.Errorf("%d connections, want 2", n)
		}
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, kernel, quiet := silent(t)
		quiet.Store(true)
		result := make(chan error)
		go func() {
			_, err := c.Phys(background())
			result <- err
		}()
		synctest.Wait()
		for range 2 {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := <-result; !errors.Is(err, net.ErrClosed) {
			t.Errorf("under way: %v, want %v", err, net.ErrClosed)
		}
		if _, err := c.Phys(background()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("afterwards: %v, want %v", err, net.ErrClosed)
		}
		synctest.Wait()
		if n := kernel.Open(); n != 0 {
			t.Errorf("%d connections left open", n)
		}
	})
}

func TestCloseIdle(t *testing.T) {
	c, kernel := client(t, replies())
	_ = c.Close()
	if err := c.DelInterface(background(), 5); !errors.Is(err, net.ErrClosed) { // at once
		t.Errorf("error %v, want %v", err, net.ErrClosed)
	}
	if n := kernel.Open(); n != 0 {
		t.Errorf("%d connections left open", n)
	}
}

func TestConcurrentRequests(t *testing.T) {
	c, _ := client(t, func(m genetlink.Message, _ netlink.Message) ([]genetlink.Message, error) {
		ad, err := netlink.NewAttributeDecoder(m.Data)
		if err != nil {
			return nil, err
		}
		ad.Next()
		return []genetlink.Message{monitor(t, ad.Uint32(), 0, "mon0")}, nil
	})
	done := make(chan error)
	for g := range 8 {
		go func() {
			for n := range 50 {
				ctx, cancel := context.WithCancel(background())
				if n%10 == 9 {
					go cancel()
				}
				_, err := c.Interface(ctx, g*1000+n) // checks what comes back
				cancel()
				if err != nil && !errors.Is(err, context.Canceled) {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
