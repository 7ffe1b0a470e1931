package bus

// maxSenders is how many senders are told apart; the others share one rate.
const maxSenders = 4096

// rate is how many messages a sender may send: per second, and at once.
type rate struct{ perSecond, burst float64 }

// allowed is twice what a rig sends, and room for what waited on the way.
func allowed(k Kind) rate {
	switch k {
	case KindStatus:
		return rate{2, 20}
	case KindEvent:
		return rate{50, 2 * maxEvents}
	default:
		return rate{20, 100}
	}
}

// rates are a token bucket for each sender. The zero value but for allowed is
// ready. It is for one goroutine.
type rates struct {
	allowed rate
	senders map[rateOf]*tokens
	others  tokens
	sweptNs int64
}

type rateOf struct{ rig, name string }

type tokens struct {
	used float64 // of the burst
	atNs int64
}

// take reports whether a message that came at now may pass.
func (r *rates) take(a Address, now int64) bool {
	if r.senders == nil {
		r.senders = make(map[rateOf]*tokens)
	}
	who := rateOf{a.Rig, a.Name}
	t := r.senders[who]
	if t == nil && len(r.senders) >= maxSenders {
		r.sweep(now)
	}
	switch {
	case t != nil:
	case len(r.senders) >= maxSenders:
		t = &r.others
	default:
		t = new(tokens)
		r.senders[who] = t
	}
	return t.take(r.allowed, now)
}

func (t *tokens) take(allowed rate, now int64) bool {
	t.used = max(0, t.used-float64(max(0, now-t.atNs))/1e9*allowed.perSecond)
	t.atNs = now
	if t.used+1 > allowed.burst {
		return false
	}
	t.used++
	return true
}

// sweep forgets who sends nothing any more, at most once a second.
func (r *rates) sweep(now int64) {
	if now-r.sweptNs < 1e9 && r.sweptNs != 0 {
		return
	}
	r.sweptNs = now
	for who, t := range r.senders {
		if float64(now-t.atNs)/1e9*r.allowed.perSecond >= t.used {
			delete(r.senders, who)
		}
	}
}
