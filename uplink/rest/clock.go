package rest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// ServerTime is what a server's clock said, held against this machine's.
type ServerTime struct {
	Ahead  time.Duration // of the server's clock before this machine's; negative is behind
	Within time.Duration // Ahead is true to this: half the round trip, and what the server rounded away
	Proxy  bool          // it is the clock of a web server in front that was read
}

// Differs reports whether the clocks are surely further apart than that.
func (s ServerTime) Differs(than time.Duration) bool { return s.Ahead.Abs()-s.Within > than }

// ServerTime asks the server for the time of its clock. With the role readonly
// it is exact to the round trip; any other login, or none, is told seconds. The
// error, a *fault.Error, is of the way there, or says that no time was told.
func (c *Client) ServerTime(ctx context.Context) (ServerTime, error) {
	exact, err := c.askTime(ctx, "/system/timestamp.json")
	if err != nil {
		return ServerTime{}, err
	}
	if at, ok := parseTimestamp(exact.body); ok && exact.status == http.StatusOK {
		return exact.compare(at, 0, false), nil
	}
	// This path needs no role. Kismet writes the time of each answer that it
	// makes up into Last-Modified, and no Date.
	rough, err := c.askTime(ctx, "/session/check_setup_ok")
	if err != nil {
		return ServerTime{}, err
	}
	if at, ok := parseHTTPTime(rough.header.Get("Last-Modified")); ok && strings.Contains(rough.header.Get("Cache-Control"), "no-cache") {
		return rough.compare(at, time.Second, false), nil
	}
	if at, ok := parseHTTPTime(rough.header.Get("Date")); ok {
		return rough.compare(at, time.Second, !strings.HasPrefix(rough.header.Get("Server"), "Kismet")), nil
	}
	return ServerTime{}, c.fail(fault.RESTRefused, "", "%w (%d)", errNoTime, rough.status)
}

var errNoTime = errors.New("the server does not say what time it is")

// parseTimestamp reads Kismet's answer to /system/timestamp.json.
func parseTimestamp(body []byte) (time.Time, bool) {
	var t struct {
		Sec  int64 `json:"kismet.system.timestamp.sec"`
		Usec int64 `json:"kismet.system.timestamp.usec"`
	}
	if err := json.Unmarshal(body, &t); err != nil || t.Usec < 0 || t.Usec >= 1e6 {
		return time.Time{}, false
	}
	return plausible(time.Unix(t.Sec, t.Usec*1000))
}

func parseHTTPTime(s string) (time.Time, bool) {
	at, err := http.ParseTime(s)
	if err != nil {
		return time.Time{}, false
	}
	return plausible(at)
}

// plausible bounds a time to years whose differences a Duration can hold. A
// machine without a battery for its clock begins in 1970.
func plausible(t time.Time) (time.Time, bool) {
	return t, !t.Before(time.Unix(0, 0)) && t.Year() < 2200
}

// timed is an answer and when it was asked for and came.
type timed struct {
	status int
	body   []byte
	header http.Header
	asked  time.Time
	took   time.Duration
}

// compare holds a time that was cut to grain against the middle of the round
// trip.
func (a timed) compare(at time.Time, grain time.Duration, proxy bool) ServerTime {
	ours := a.asked.Add(a.took / 2).Round(0) // without its monotonic part
	return ServerTime{Ahead: at.Add(grain / 2).Sub(ours), Within: a.took/2 + grain/2, Proxy: proxy}
}

// askTime asks without what a new connection takes being counted into the round
// trip.
func (c *Client) askTime(ctx context.Context, path string) (timed, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	began := time.Now()
	var wrote, came atomic.Int64 // ns after began; told by the connection's goroutines
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest:         func(httptrace.WroteRequestInfo) { wrote.Store(int64(time.Since(began))) },
		GotFirstResponseByte: func() { came.Store(int64(time.Since(began))) },
	})
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base.String()+path, http.NoBody)
	if err != nil {
		return timed{}, fault.New(fault.Internal, c.object(), err)
	}
	c.sign(r.Header)
	resp, err := c.http.Do(r)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err
		}
		return timed{}, c.linkFault(err)
	}
	defer func() { _ = resp.Body.Close() }()
	from, to := time.Duration(wrote.Load()), time.Duration(came.Load())
	if to < from { // the answer overtook the news that the question was written
		from = 0
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswerBytes))
	if err != nil {
		return timed{}, c.linkFault(err)
	}
	return timed{status: resp.StatusCode, body: body, header: resp.Header, asked: began.Add(from), took: to - from}, nil
}
