package nmea

import "slices"

// order knows of additions without a time, as VTG, whether they stand before or
// behind the sentence that their epoch begins with. It matters between two
// epochs: a speed must not go to the position before or after its own.
type order struct {
	// leading are the names of those that last stood before it.
	leading []string
	// turned says that what comes is of the next epoch: the line was silent, or
	// a sentence of a later time came.
	turned bool
}

// first reports whether such a sentence, behind an epoch that was told, is of
// the next one.
func (o *order) first(name string) bool { return o.turned || slices.Contains(o.leading, name) }

// saw learns from where a sentence was put.
func (o *order) saw(r *report, w whose) {
	untimed := r.at == noTime && !r.kind.opens()
	switch {
	case w == early:
		o.turned = o.turned || !untimed
	case untimed:
		o.leading = slices.DeleteFunc(o.leading, func(name string) bool { return name == r.name })
	default:
		o.turned = false
	}
}

// led learns from what came before the first sentence of an epoch.
func (o *order) led(waiting []*report) {
	for _, r := range waiting {
		// A GSA may be one that came too late.
		if r.at == noTime && r.kind != kindGSA && !slices.Contains(o.leading, r.name) && len(o.leading) < maxNames {
			o.leading = append(o.leading, r.name)
		}
	}
}
