package configs

import (
	"fmt"
	"strconv"
)

// settleGPS notes what was made of it.
func (l *loader) settleGPS(d *gpsDraft, g *GPS, list []settledReceiver) {
	if len(g.Receivers) == 0 {
		l.settle("gps", "unknown position", Origin{})
		return
	}
	for _, s := range []struct {
		key, value string
		text       text
	}{
		{"mode", string(g.Mode), d.mode},
		{"motion", string(g.Motion), d.motion},
		{"predict", FormatDuration(g.Predict), d.predict},
		{"limit", formatLength(g.LimitM), d.limit},
	} {
		if s.text.given() || !g.Alone() {
			l.settle("gps."+s.key, s.value, s.text.from)
		}
	}
	for i := range list {
		l.settleReceiver(fmt.Sprintf("gps.receivers[%d]", i), &list[i])
	}
}

func (l *loader) settleReceiver(path string, r *settledReceiver) {
	set := r.draft.set
	settle := func(key, value string) { l.settle(path+"."+key, value, set[key].from) }
	l.settle(path+".type", string(r.Type), r.draft.kind.from)
	l.settle(path+".name", r.Name, r.draft.name.from)
	switch r.Feed {
	case FeedSerial:
		settle("device", r.Device)
		settle("baud", baudText(r.Baud))
	case FeedTCP:
		settle("address", r.Address)
	case FeedListen:
		settle("listen", "tcp://"+r.Address)
	case FeedUDP:
		settle("listen", "udp://"+r.Address)
	}
	switch r.Type {
	case ReceiverGPSD:
		settle("address", r.Address)
	case ReceiverFixed:
		l.settle(path+".position", formatPosition(r.Fixed), set["lat"].from)
	case ReceiverMeta, ReceiverWeb:
		settle("expire", FormatDuration(r.Expire))
	case ReceiverBus:
		if r.From.Rig != "" {
			settle("rig", r.From.Rig)
		}
		if r.From.MetaGPS != "" {
			settle("metagps", r.From.MetaGPS)
		}
		settle("expire", FormatDuration(r.Expire))
	case ReceiverReplay:
		settle("file", r.File)
		settle("realtime", strconv.FormatBool(r.Realtime))
	}
	for _, key := range []string{"start_date", "checksum", "latency"} {
		if set[key].given() {
			settle(key, set[key].value)
		}
	}
	if r.Type == ReceiverGPSD && r.Device != "" {
		settle("device", r.Device)
	}
}

func baudText(baud int) string {
	if baud == 0 {
		return "auto"
	}
	return strconv.Itoa(baud)
}
