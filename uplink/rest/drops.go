package rest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"

	"github.com/sensord/sensord/internal/fault"
)

// RoleReadonly is the role of logins that may look at everything.
const RoleReadonly = "readonly"

// PacketDrops returns how many frames the server has dropped for want of time,
// from the first time that the client asked. Only seconds that are over count.
// It needs the role readonly, or admin, and is to be asked once a minute at
// least: the server remembers no longer.
func (c *Client) PacketDrops(ctx context.Context) (uint64, error) {
	a, err := c.ask(ctx, question{method: http.MethodGet, path: "/packetchain/packet_drop.json", again: true})
	switch {
	case err != nil:
		return 0, err
	case a.status == http.StatusOK:
		r, err := parseDrops(a.body)
		if err != nil {
			return 0, c.fail(fault.RESTRefused, "", "%s: %w", askDrops, err)
		}
		return c.drops.add(r), nil
	case a.status == http.StatusNotFound:
		err = c.isKismet(ctx)
	}
	if err == nil {
		err = c.answerFault(ctx, a, askDrops, RoleReadonly+" or "+RoleAdmin)
	}
	// The table's remedy is for a meta GPS.
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Code == fault.RESTRole {
		f.Advice = "give the server rest: {apikey_file: …} with a key of the role " + RoleReadonly + " to let sensord watch what it drops; without, it keeps to replay: {rate: …}"
	}
	return 0, err
}

const askDrops = "ask what it dropped"

var errNoDrops = errors.New("the answer is no record of drops")

// dropRates is Kismet's record of drops: kis_tracked_rrd in trackedrrd.h.
type dropRates struct {
	AtSec  int64     `json:"kismet.common.rrd.serial_time"` // of the answer
	Minute []float64 `json:"kismet.common.rrd.minute_vec"`  // drops of a second, at second % 60
}

func parseDrops(body []byte) (dropRates, error) {
	var r dropRates
	if json.Unmarshal(body, &r) != nil || r.AtSec <= 0 || len(r.Minute) != 60 {
		return dropRates{}, errNoDrops
	}
	return r, nil
}

// drops adds up what a server said that it dropped in each second.
type drops struct {
	mu    sync.Mutex
	until int64 // the seconds before this one are in total; 0 before the first answer
	total uint64
}

// mostDrops is more than any server can drop in a second.
const mostDrops = 1e8

// add takes the whole seconds that are new and returns the sum of all.
func (d *drops) add(r dropRates) uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	from := max(d.until, r.AtSec-59)
	if d.until == 0 || d.until > r.AtSec { // the first time, or its clock was set back
		from = r.AtSec
	}
	for s := from; s < r.AtSec; s++ {
		if n := r.Minute[s%60]; n >= 1 {
			d.total += uint64(min(n, mostDrops))
		}
	}
	d.until = r.AtSec
	return d.total
}
