package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"

	"github.com/sensord/sensord/internal/fault"
)

// RoleReadonly is the role of logins that may look at everything.
const RoleReadonly = "readonly"

// drops adds up what a server said it dropped in each second.
type drops struct {
	mu    sync.Mutex
	until int64 // seconds before this one are in total
	total uint64
}

// PacketDrops returns how many frames the server has dropped for want of time
// since it was first asked. It needs the role readonly, or admin.
func (c *Client) PacketDrops(ctx context.Context) (uint64, error) {
	a, err := c.ask(ctx, question{method: http.MethodGet, path: "/packetchain/packet_drop.json", again: true})
	switch {
	case err != nil:
		return 0, err
	case a.status == http.StatusNotFound:
		if err := c.isKismet(ctx); err != nil {
			return 0, err
		}
	case a.status == http.StatusOK:
		var r dropRates
		if err := json.Unmarshal(a.body, &r); err != nil || !r.plausible() {
			return 0, c.fail(fault.RESTRefused, "", "ask what it dropped: the answer is not Kismet's")
		}
		return c.drops.add(r), nil
	}
	return 0, c.answerFault(ctx, a, "ask what it dropped", RoleReadonly+" or "+RoleAdmin)
}

// dropRates is Kismet's record of drops: kis_tracked_rrd in trackedrrd.h.
type dropRates struct {
	AtSec  int64     `json:"kismet.common.rrd.serial_time"` // of the answer
	Minute []float64 `json:"kismet.common.rrd.minute_vec"`  // drops of a second at index second % 60
}

func (r dropRates) plausible() bool { return len(r.Minute) == 60 && r.AtSec > 0 }

// add takes the whole seconds that are new.
func (d *drops) add(r dropRates) uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	from := max(d.until, r.AtSec-59)
	if d.until == 0 || d.until > r.AtSec+1 { // the first time, or the server's clock went back
		from = r.AtSec
	}
	for s := from; s < r.AtSec; s++ {
		if n := r.Minute[s%60]; n > 0 && n < 1e9 {
			d.total += uint64(n)
		}
	}
	d.until = r.AtSec
	return d.total
}
