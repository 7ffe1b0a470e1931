package nmea

import "slices"

// ender knows with which sentence an epoch ends, so that a fix need not wait
// for the next one. It learns that as gpsd does, from what was the last before
// the time changed; a sentence that comes several times in an epoch, as GSA,
// counts with how often it came. Where sentences take turns, several end. Should
// the order change, the sentences that open and were there before the end are
// waited for.
type ender struct {
	habits []habit

	seen  []mark  // in the epoch at hand, also what came too late
	final mark    // the last of them
	kinds openers // which kinds that open were among them
	due   bool    // one that ends was among them
	wants openers // which have to be there, too
}

// openers is a set of kinds that open an epoch.
type openers uint8

// A mark is a sentence and how often it came in its epoch.
type mark struct {
	name  string
	times int
}

// A habit is whether epochs end with a sentence.
type habit struct {
	mark     mark
	ends     bool
	contrary int     // epochs in a row in which it was otherwise
	before   openers // what the last epoch that it ended had
	wants    openers // what the last two had
}

const (
	// toBegin is how many epochs in a row have to end with a sentence that
	// did not end them before. One may have lost its last sentence on the line.
	toBegin = 2
	// toStop is how many have to go on after one that did. Being told too
	// early now and then, as with a GSA or GST that comes every five seconds, is
	// better than too late all the time.
	toStop = 3

	maxHabits = 32
)

// next begins another epoch, and learns from the one that is over.
func (e *ender) next() {
	for _, m := range e.seen {
		for k := 1; k <= m.times; k++ {
			h := e.learn(mark{m.name, k}, mark{m.name, k} == e.final)
			if h.mark == e.final {
				h.wants, h.before = e.kinds&h.before, e.kinds
			}
		}
	}
	e.seen, e.final, e.kinds, e.due = e.seen[:0], mark{}, 0, false
}

func (e *ender) learn(m mark, ended bool) *habit {
	i := slices.IndexFunc(e.habits, func(h habit) bool { return h.mark == m })
	if i < 0 {
		if len(e.habits) == maxHabits {
			e.habits = slices.Delete(e.habits, 0, 1)
		}
		e.habits = append(e.habits, habit{mark: m, ends: ended, before: e.kinds})
		return &e.habits[len(e.habits)-1]
	}
	h := &e.habits[i]
	if h.ends == ended {
		h.contrary = 0
		return h
	}
	enough := toBegin
	if h.ends {
		enough = toStop
	}
	if h.contrary++; h.contrary >= enough {
		h.ends, h.contrary = ended, 0
	}
	return h
}

// saw counts a sentence of the epoch at hand.
func (e *ender) saw(r *report) {
	if r.kind.opens() {
		e.kinds |= 1 << r.kind
	}
	i := slices.IndexFunc(e.seen, func(m mark) bool { return m.name == r.name })
	if i < 0 {
		if len(e.seen) == maxHabits {
			return
		}
		e.seen = append(e.seen, mark{name: r.name})
		i = len(e.seen) - 1
	}
	e.seen[i].times = min(e.seen[i].times+1, maxHabits)
	e.final = e.seen[i]
}

// ends counts a sentence, and reports whether it is the last of its epoch, as
// far as one can know.
func (e *ender) ends(r *report) bool {
	e.saw(r)
	i := slices.IndexFunc(e.habits, func(h habit) bool { return h.mark == e.final })
	if i >= 0 && e.habits[i].ends {
		e.due, e.wants = true, e.habits[i].wants
	}
	return e.due && e.wants&^e.kinds == 0
}

// has reports whether the epoch at hand had a sentence of that name.
func (e *ender) has(name string) bool {
	return slices.ContainsFunc(e.seen, func(m mark) bool { return m.name == name })
}
