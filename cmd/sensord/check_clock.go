package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/rest"
)

var errNoCertificate = errors.New("it holds no certificate")

// serverClock holds the server's clock against this machine's. That they differ
// keeps no frame from arriving.
func (c *checklist) serverClock(ctx context.Context, server configs.Server) {
	const step = "server clock"
	if server.REST.URL == "" {
		c.skip(step, "not asked: it takes rest: {url: …} to know where")
		return
	}
	client, err := restClient(server)
	if err != nil {
		c.step(step, 0, "", err)
		return
	}
	defer client.Close()
	began := time.Now()
	t, err := client.ServerTime(ctx)
	took := time.Since(began)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		c.warn(step, took, fault.CodeOf(err), err.Error(), fault.RemedyOf(err))
	case t.Differs(clocksApart):
		c.warn(step, took, fault.ServerClock, c.front+apartText(t)+": what this sensor and others hear at once will stand at different times there", "")
	default:
		c.step(step, took, apartText(t), nil)
	}
}

// apartText says how far a server's clock is from this machine's.
func apartText(t rest.ServerTime) string {
	whose := "the server's clock"
	if t.Proxy {
		whose = "the clock of the web server in front of it"
	}
	apart := t.Ahead.Abs()
	if apart <= t.Within || apart < time.Millisecond {
		return fmt.Sprintf("%s and this machine's agree to %s", whose, roughly(max(apart, t.Within)))
	}
	where := "ahead of"
	if t.Ahead < 0 {
		where = "behind"
	}
	return fmt.Sprintf("%s is %s %s this machine's (to %s)", whose, roughly(apart), where, roughly(t.Within))
}

// roughly rounds a duration to what a person reads of it.
func roughly(d time.Duration) time.Duration {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second)
	case d >= time.Second:
		return d.Round(100 * time.Millisecond)
	case d >= time.Millisecond:
		return d.Round(time.Millisecond)
	}
	return time.Millisecond
}
