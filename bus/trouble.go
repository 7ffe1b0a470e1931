package bus

import (
	"slices"
	"strings"
	"sync"

	"github.com/sensord/sensord/internal/fault"
)

// maxTroubles is how many things may be wrong at a time, and maxStrangers how
// many of them may be that others send too much or nonsense; what is beyond is
// only counted. Whoever that is, what the rig itself lacks is told.
const (
	maxTroubles  = 256
	maxStrangers = 32
)

// fadeNs is for how long something that shows from time to time must not have
// shown to be over.
const fadeNs = 60e9

// troubles are what is wrong now, each under a key of its own, and tells each
// edge once, in order.
type troubles struct {
	notify func(Change) // may be nil

	mu      sync.Mutex
	now     map[string]trouble
	strange int // how many of now are of strangers
	untold  []Change
	telling bool
}

// trouble is something that is wrong.
type trouble struct {
	change Change
	until  int64 // CLOCK_BOOTTIME at which it is over by itself; 0 is never
	shown  bool  // elsewhere in State than in Err
}

// worstFirst is the order of what State.Err may say.
var worstFirst = [...]fault.Code{
	fault.BusLite, fault.BusListen, fault.BusAuth, fault.BusTLS, fault.BusRefused, fault.BusDenied,
	fault.BusReplaced, fault.BusStore, fault.BusNoStore, fault.BusFlood, fault.BusMessage,
}

// begin says that something is wrong. What is so already under the same code is
// not told again.
func (t *troubles) begin(key string, code fault.Code, object string, cause error) {
	t.add(key, trouble{change: Change{Code: code, Object: object, Err: fault.New(code, object, cause)}})
}

// beginShown is begin for what State has a place of its own for.
func (t *troubles) beginShown(key string, code fault.Code, object string, cause error) {
	t.add(key, trouble{change: Change{Code: code, Object: object, Err: fault.New(code, object, cause)}, shown: true})
}

// show is begin for what is over by itself at until.
func (t *troubles) show(key string, code fault.Code, object string, cause error, until int64) {
	t.add(key, trouble{change: Change{Code: code, Object: object, Err: fault.New(code, object, cause)}, until: until})
}

func (t *troubles) add(key string, one trouble) {
	t.mu.Lock()
	if t.now == nil {
		t.now = make(map[string]trouble)
	}
	was, known := t.now[key]
	switch {
	case known || !named(key):
	case len(t.now) >= maxTroubles, one.until != 0 && t.strange >= maxStrangers:
		t.mu.Unlock()
		return
	}
	t.strange += stranger(key, one) - stranger(key, was)
	t.now[key] = one
	if known && was.change.Code == one.change.Code {
		t.mu.Unlock()
		return
	}
	t.untold = append(t.untold, one.change)
	t.tell()
}

// named reports whether a key has somebody's name in it: "flood/rover-1".
func named(key string) bool { return strings.Contains(key, "/") }

// stranger is 1 for what somebody else does, of whom there may be any number.
func stranger(key string, one trouble) int {
	if one.until != 0 && named(key) {
		return 1
	}
	return 0
}

// end says that what was wrong under the key is so no more.
func (t *troubles) end(key string) {
	t.mu.Lock()
	t.remove(key)
	t.tell()
}

// fade ends what has not shown until now.
func (t *troubles) fade(now int64) {
	t.mu.Lock()
	for key, one := range t.now {
		if one.until != 0 && one.until <= now {
			t.remove(key)
		}
	}
	t.tell()
}

func (t *troubles) remove(key string) {
	if was, known := t.now[key]; known {
		delete(t.now, key)
		t.strange -= stranger(key, was)
		t.untold = append(t.untold, Change{Code: was.change.Code, Object: was.change.Object})
	}
}

// tell unlocks, and tells what is untold unless somebody is about it already:
// so changes are told in their order, without the lock, and who is told may
// publish.
func (t *troubles) tell() {
	if t.telling {
		t.mu.Unlock()
		return
	}
	t.telling = true
	for len(t.untold) > 0 {
		c := t.untold[0]
		t.untold = slices.Delete(t.untold, 0, 1)
		t.mu.Unlock()
		if t.notify != nil {
			t.notify(c)
		}
		t.mu.Lock()
	}
	t.telling = false
	t.mu.Unlock()
}

// err returns what is wrong under the key, or nil.
func (t *troubles) err(key string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now[key].change.Err
}

// worst returns the worst of what State has no other place for, or nil.
func (t *troubles) worst() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var worst trouble
	rank := len(worstFirst)
	for _, one := range t.now {
		r := slices.Index(worstFirst[:], one.change.Code)
		if one.shown || r < 0 || r > rank || r == rank && one.change.Object > worst.change.Object {
			continue
		}
		worst, rank = one, r
	}
	return worst.change.Err
}
