package linuxwifi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/nl80211"
)

// A fake is a machine in memory. It keeps the rules of the kernel that matter
// here: what needs an interface down, what a block does, when a radio can be
// tuned. Every call is a step, and any step can fail or be the last one.
type fake struct {
	mu     sync.Mutex
	phys   map[int]*fakePhy
	ifaces map[int]*fakeIface
	next   int // ifindex
	lacks  []string
	nm     string // "": absent, "here", "refuses"
	boot   string

	// trouble, if set, is asked before each step. A step can be made to fail
	// without effect, to have its effect and fail, or to be the last that the
	// process sees.
	trouble func(n int, op string) trouble
	steps   []string
	dead    bool // the process was killed: nothing has an effect any more

	changed, phychanged []func() // who listens
	sockets             []*fakeSocket
	disk                map[string][]byte // state files by interface
	locked              map[string]bool
	mute                bool // no events
}

type trouble int

const (
	fine trouble = iota
	failsBefore
	failsAfter
	diesBefore
	diesAfter
)

type fakePhy struct {
	name       string
	bands      []capture.BandCapability
	types      []nl80211.InterfaceType
	vif        error // what making an interface ends with
	tune       error
	lies       bool // takes every channel and stays
	soft, hard bool
	locked     bool // soft block cannot be changed
}

type fakeIface struct {
	name    string
	alt     []string
	phy     int // -1: not Wi-Fi
	kind    nl80211.InterfaceType
	up      bool
	managed bool // by NetworkManager
	flags   nl80211.MonitorFlags
	channel capture.Channel
	driver  string
}

var errKilled = errors.New("killed")

// newFake has phy0 with wlan0 (up, managed) and phy1 with wlan1 (down), an
// Ethernet interface, and hwsim0, which looks like a monitor and is none.
func newFake() *fake {
	bands := []capture.BandCapability{{Band: capture.Band24GHz, HT40: true}}
	for n := 1; n <= 13; n++ {
		bands[0].Frequencies = append(bands[0].Frequencies, capture.Frequency{MHz: 2407 + 5*n, Disabled: n == 13})
	}
	types := []nl80211.InterfaceType{nl80211.TypeStation, nl80211.TypeAP, nl80211.TypeMonitor}
	return &fake{
		phys: map[int]*fakePhy{
			0: {name: "phy0", bands: bands, types: types},
			1: {name: "phy1", bands: bands, types: types},
		},
		ifaces: map[int]*fakeIface{
			1: {name: "eth0", phy: -1, up: true},
			2: {name: "hwsim0", phy: -1},
			3: {name: "wlan0", phy: 0, kind: nl80211.TypeStation, up: true, managed: true, driver: "mac80211_hwsim"},
			4: {name: "wlan1", phy: 1, kind: nl80211.TypeStation, driver: "mac80211_hwsim"},
		},
		next: 5, nm: "here", boot: "boot-1 net:[1]",
		disk: map[string][]byte{}, locked: map[string]bool{},
	}
}

// machine returns the fake as a process sees it.
func (f *fake) machine() *machine {
	return &machine{
		wireless: f, links: fakeLinks{f}, rfkill: fakeSwitch{f}, manager: fakeManager{f}, buses: fakeBuses{f},
		openFrame: f.openFrame, openStore: f.openStore, listen: f.listen, boot: f.boot,
		missing: func() ([]string, error) { return f.lacks, nil },
	}
}

// step counts a call and runs it, unless there is trouble.
func (f *fake) step(op string, do func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead {
		return errKilled
	}
	what := fine
	if f.trouble != nil {
		what = f.trouble(len(f.steps), op)
	}
	f.steps = append(f.steps, op)
	switch what {
	case failsBefore:
		return &nl80211.Error{Op: op, Errno: unix.EIO}
	case diesBefore:
		f.kill()
		return errKilled
	}
	err := do()
	switch what {
	case failsAfter:
		return fmt.Errorf("%s: %w", op, context.DeadlineExceeded)
	case diesAfter:
		f.kill()
		return errKilled
	}
	return err
}

// kill ends the process: its locks go, its files stay. f.mu is held.
func (f *fake) kill() {
	f.dead = true
	clear(f.locked)
}

// reborn is the machine with a new process on it.
func (f *fake) reborn() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dead, f.trouble, f.changed, f.phychanged = false, nil, nil, nil
}

// String is everything that has to be as it was afterwards.
func (f *fake) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var b strings.Builder
	for _, i := range slices.Sorted(maps.Keys(f.phys)) {
		fmt.Fprintf(&b, "phy %d soft=%v\n", i, f.phys[i].soft)
	}
	for _, i := range slices.Sorted(maps.Keys(f.ifaces)) {
		l := f.ifaces[i]
		fmt.Fprintf(&b, "%d %s phy=%d %s up=%v managed=%v flags=%v\n", i, l.name, l.phy, l.kind, l.up, l.managed, l.flags)
	}
	return b.String()
}

// do changes the machine as somebody else does, and says so to who listens.
func (f *fake) do(change func()) {
	f.mu.Lock()
	change()
	told := slices.Concat(f.changed, f.phychanged)
	if f.mute {
		told = nil
	}
	f.mu.Unlock()
	for _, tell := range told {
		tell()
	}
}

func (f *fake) listen(ctx context.Context, changed, phys func()) error {
	f.mu.Lock()
	f.changed, f.phychanged = append(f.changed, changed), append(f.phychanged, phys)
	f.mu.Unlock()
	phys()
	<-ctx.Done()
	return nil
}
