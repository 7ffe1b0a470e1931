package bpf

import (
	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/radiotap"
)

// eapol is what the body of a data frame with EAPOL begins with: LLC, SNAP,
// EtherType 0x888E.
const eapol = "\xaa\xaa\x03\x00\x00\x00\x88\x8e"

// A view is one frame taken apart.
type view struct {
	tap   radiotap.Header
	dot11 radiotap.Dot11
	body  []byte // 802.11 header and what follows
	orig  int    // bytes of that on the air
}

// Keep applies the whole Spec to a captured frame and returns how many of its
// bytes are kept; 0 drops it. The frame may have been cut, by the kernel's part
// or otherwise; origLen is the length it had, link header included.
//
// It allocates nothing and does not keep the frame.
func (p *Program) Keep(frame []byte, origLen int) int {
	var v view
	switch p.link {
	case capture.LinkTypeRadiotap:
		var err error
		if v.tap, err = radiotap.Parse(frame); err != nil {
			return len(frame)
		}
		if v.tap.BadFCS && !p.spec.KeepBadFCS {
			return 0
		}
	case capture.LinkTypeIEEE80211:
	default:
		return len(frame)
	}
	if p.plain {
		return len(frame)
	}
	v.body = frame[v.tap.Length:]
	v.orig = max(origLen, len(frame)) - v.tap.Length
	var ok bool
	if v.dot11, ok = radiotap.ParseDot11(v.body); !ok {
		return len(frame)
	}
	switch p.decide(&v) {
	case Drop:
		return 0
	case Cut:
		return v.tap.Length + min(v.headerLen(), len(v.body))
	default:
		return len(frame)
	}
}

// decide takes the steps 3 to 7 of the package's documentation.
func (p *Program) decide(v *view) Action {
	if p.addresses.hasAny(&v.dot11) {
		return Drop
	}
	for i := range p.spec.Rules {
		r := &p.spec.Rules[i]
		if !r.matches(v) {
			continue
		}
		if r.action == Cut && v.eapol() {
			return Keep
		}
		return r.action
	}
	switch isData := v.dot11.Type == radiotap.TypeData; {
	case p.spec.Mgmt && v.dot11.Type != radiotap.TypeManagement && !v.eapol():
		return Drop
	case p.spec.TruncateData && isData && !v.eapol():
		return Cut
	default:
		return Keep
	}
}

// matches reports whether the frame meets all conditions.
func (r *Rule) matches(v *view) bool {
	switch {
	case !r.kinds.has(&v.dot11):
		return false
	case !r.length.has(v.orig):
		return false
	case r.knownSignal && (!v.tap.HasSignal || !r.signal.has(v.tap.SignalDBm)):
		return false
	default:
		return r.roles == 0 || r.matchesAddresses(&v.dot11)
	}
}

func (r *Rule) matchesAddresses(d *radiotap.Dot11) bool {
	is := [...]bool{
		roleRA:    d.Has&radiotap.RA != 0 && d.RA == r.addresses[roleRA],
		roleTA:    d.Has&radiotap.TA != 0 && d.TA == r.addresses[roleTA],
		roleSA:    d.Has&radiotap.SA != 0 && d.SA == r.addresses[roleSA],
		roleDA:    d.Has&radiotap.DA != 0 && d.DA == r.addresses[roleDA],
		roleBSSID: d.Has&radiotap.BSSID != 0 && d.BSSID == r.addresses[roleBSSID],
		roleAny:   r.roles>>roleAny&1 != 0 && hasAddress(d, r.addresses[roleAny]),
	}
	for role, met := range is {
		if r.roles>>role&1 != 0 && !met {
			return false
		}
	}
	return true
}

func hasAddress(d *radiotap.Dot11, m radiotap.MAC) bool {
	return d.Has&radiotap.RA != 0 && d.RA == m || d.Has&radiotap.TA != 0 && d.TA == m ||
		d.Has&radiotap.SA != 0 && d.SA == m || d.Has&radiotap.DA != 0 && d.DA == m
}

// headerLen returns where the body of the frame begins.
func (v *view) headerLen() int {
	if v.tap.Padded {
		return (v.dot11.HeaderLen + 3) &^ 3
	}
	return v.dot11.HeaderLen
}

// eapol reports whether the frame is unencrypted EAPOL. A frame whose body is
// not there is none: it was not cut if it was.
func (v *view) eapol() bool {
	d := &v.dot11
	const noData = 4 // bit of the subtypes of data frames without any
	if d.Type != radiotap.TypeData || d.Protected || d.Subtype&noData != 0 {
		return false
	}
	n := v.headerLen()
	return len(v.body) >= n+len(eapol) && string(v.body[n:n+len(eapol)]) == eapol
}
