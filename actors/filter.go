package actors

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/bpf"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/capture/radiotap"
	"github.com/sensord/sensord/internal/fault"
)

// filter decides which frames the radios leave out: what the sources' options
// say, with the addresses that this machine has at the moment. It gives each
// source its program before its radio opens, and a new one whenever an
// address, an interface or the way to the server changes.
type filter struct {
	rig     *shared
	log     *slog.Logger
	sources map[*sourceState]*filtered
	links   []linuxwifi.LinkAddress
	wifi    bool // the server is reached over Wi-Fi
	task    *task
	grace   *time.Timer
	looked  bool // links and wifi are known, or nobody waits for them any more
	unknown bool // links and wifi cannot be looked at now; said
}

// filtered is what the filter knows of one source.
type filtered struct {
	spec     bpf.Spec
	locals   bpf.Locals
	asked    bool // the user said whether filter_locals is wanted
	auto     bool // nobody did, and it is
	current  []radiotap.MAC
	compiled bool
}

// What the filter's own goroutine tells it.
type (
	linksChanged struct {
		links []linuxwifi.LinkAddress
		wifi  bool
	}
	linksUnknown struct{ err error }
)

// linkGrace is how long radios wait for the first list of addresses.
const linkGrace = 2 * time.Second

// Waits before the addresses are looked at again that could not be: a driver
// that takes its time keeps the kernel from answering.
const (
	watchMin = time.Second
	watchMax = 30 * time.Second
)

func newFilter(rig *shared) *filter {
	return &filter{rig: rig, log: rig.log, sources: map[*sourceState]*filtered{}}
}

// Receive implements actor.Actor.
func (f *filter) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		f.start(ctx)
	case linksChanged:
		f.links, f.wifi, f.looked, f.unknown = m.links, m.wifi, true, false
		f.refresh()
	case linksUnknown:
		if m.err != nil && !f.unknown {
			f.unknown = true
			f.log.Warn("this machine's addresses are not known: filter_locals and filter_interface leave out what they did so far", "err", m.err)
		}
		if !f.looked {
			f.looked = true
			f.refresh()
		}
	case Refilter:
		f.define(m.Source)
		f.refresh()
	case *actor.Stopping, *actor.Restarting:
		if f.grace != nil {
			f.grace.Stop()
		}
		f.task.stop()
	}
}

func (f *filter) start(ctx actor.Context) {
	for _, s := range f.rig.sources {
		if s.cfg.Type == capture.TypeLinuxWifi {
			f.define(s)
		}
	}
	if len(f.sources) == 0 {
		return
	}
	work, cancel := context.WithCancel(context.Background())
	f.task = &task{cancel: cancel, done: make(chan struct{})}
	self, send, done := ctx.Self(), ctx.ActorSystem().Root.Send, f.task.done
	go func() {
		defer close(done)
		wait := watchMin
		for {
			err := f.rig.watch(work, func(links []linuxwifi.LinkAddress, wifi bool) {
				wait = watchMin
				send(self, linksChanged{links, wifi})
			})
			if work.Err() != nil {
				return
			}
			send(self, linksUnknown{err})
			select {
			case <-time.After(wait):
			case <-work.Done():
				return
			}
			wait = min(2*wait, watchMax)
		}
	}()
	f.grace = time.AfterFunc(linkGrace, func() { send(self, linksUnknown{}) })
}

// define reads a source's options.
func (f *filter) define(s *sourceState) {
	options := *s.options.Load()
	spec, locals, err := bpf.SpecOf(options)
	if err != nil { // the configuration was checked; these are the server's
		f.log.Warn("filter options left out", "source", s.cfg.Name, "err", err)
		return
	}
	for _, text := range s.cfg.Filter {
		rule, err := bpf.ParseRule(text)
		if err != nil {
			f.log.Warn("filter rule left out", "source", s.cfg.Name, "err", err)
			continue
		}
		spec.Rules = append(spec.Rules, rule)
	}
	_, asked := options.Get("filter_locals")
	f.sources[s] = &filtered{spec: spec, locals: locals, asked: asked}
}

// refresh gives every source whose program changes its new one.
func (f *filter) refresh() {
	if !f.looked {
		return
	}
	for s, d := range f.sources {
		addresses := f.addresses(s, d)
		if d.compiled && slices.Equal(addresses, d.current) {
			continue
		}
		spec := d.spec
		spec.Addresses = addresses
		p, err := bpf.Compile(spec, capture.LinkTypeRadiotap, filterBudget())
		if err != nil {
			f.log.Error("filter not changed", "source", s.cfg.Name, "err", err, "code", fault.CodeOf(err))
			continue
		}
		d.current, d.compiled = addresses, true
		if err := s.engine.setFilter(p); err != nil {
			f.log.Debug("a radio that closes has no new filter", "source", s.cfg.Name, "err", err)
		}
		s.filter.Store(p)
		if len(addresses) > 0 {
			f.log.Info("filter set", "source", s.cfg.Name, "addresses", len(addresses), "split", p.Split())
		}
	}
}

// addresses are those whose frames a source leaves out, sorted, each once.
func (f *filter) addresses(s *sourceState, d *filtered) []radiotap.MAC {
	all := d.locals.All
	if !d.asked {
		all = f.wifi
		f.sayWifi(s, d)
	}
	list := slices.Clone(d.spec.Addresses)
	for _, l := range f.links {
		wanted := all && l.Up || slices.Contains(d.locals.Interfaces, l.Name)
		mac, ok := macOf(l.MAC)
		if wanted && ok {
			list = append(list, mac)
		}
	}
	slices.SortFunc(list, func(a, b radiotap.MAC) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(list)
}

// sayWifi says when the way to the server begins, or ceases, to decide what is
// left out.
func (f *filter) sayWifi(s *sourceState, d *filtered) {
	switch {
	case f.wifi && !d.auto:
		f.log.Info("the server is reached over Wi-Fi, so this machine's own frames are left out", "source", s.cfg.Name,
			"remedy", "filter_locals=false captures them too")
	case !f.wifi && d.auto:
		f.log.Info("the server is not reached over Wi-Fi any more, so this machine's own frames are captured", "source", s.cfg.Name,
			"remedy", "filter_locals=true leaves them out")
	}
	d.auto = f.wifi
}

// macOf reports false for what is no address: a tunnel's, or all zero.
func macOf(hw net.HardwareAddr) (m radiotap.MAC, ok bool) {
	if len(hw) != len(m) {
		return m, false
	}
	copy(m[:], hw)
	return m, m != radiotap.MAC{}
}

// filterBudget is how long a filter may be on this machine.
func filterBudget() int {
	text, err := os.ReadFile("/proc/sys/net/core/optmem_max")
	if err != nil {
		return bpf.MaxInstructions
	}
	bytes, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return bpf.MaxInstructions
	}
	return min(bpf.Budget(bytes), bpf.MaxInstructions)
}

// watchLinks returns the watcher of this machine for a rig whose server has
// that name or address.
func watchLinks(servers []string) watcher {
	viaWifi := func(ctx context.Context) bool {
		return slices.ContainsFunc(servers, func(host string) bool { return overWifi(ctx, host) })
	}
	return func(ctx context.Context, tell func([]linuxwifi.LinkAddress, bool)) error {
		var mu sync.Mutex // keeps what is told in order
		var known []linuxwifi.LinkAddress
		routes := make(chan error, 1)
		watching, cancel := context.WithCancel(ctx)
		defer cancel()
		go func() {
			routes <- linuxwifi.WatchRoutes(watching, func() {
				mu.Lock()
				defer mu.Unlock()
				if known != nil {
					tell(known, viaWifi(ctx))
				}
			})
		}()
		err := linuxwifi.WatchAddresses(ctx, func(links []linuxwifi.LinkAddress) {
			mu.Lock()
			defer mu.Unlock()
			known = links
			tell(links, viaWifi(ctx))
		})
		cancel()
		return errors.Join(err, <-routes)
	}
}

// overWifi reports whether packets to the server leave through a radio. A name
// that does not resolve (yet) is looked at as what the default route reaches.
func overWifi(ctx context.Context, server string) bool {
	addr, err := netip.ParseAddr(server)
	if err != nil {
		ctx, cancel := context.WithTimeout(ctx, linkGrace/2)
		defer cancel()
		if addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", server); err == nil && len(addrs) > 0 {
			addr = addrs[0]
		}
	}
	_, wifi := linuxwifi.UplinkIsWifi(ctx, addr)
	return wifi
}
