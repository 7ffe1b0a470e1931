// Package fusion makes one track out of the fixes of one or several receivers:
// where the sensor was, how it moved, and how sure that is, as a 95 % radius
// that holds. It also says which fixes it did not believe, and why.
//
// A receiver's noise is not white: most of it lasts for a minute or so. The
// state of the filter is a position, a velocity and an acceleration per axis, in
// a plane that moves along, and for each receiver an error that lasts. What a
// receiver claims is split into that error and what is new in each fix, as its
// own fixes show. So the radius does not shrink as if a hundred fixes knew a
// hundred times as much; and one receiver takes over from another without a
// step, because how far they are apart is known.
//
// Fixes are put where they belong in time, and what followed is calculated
// again. The last seconds are smoothed: frames wait for the next fix, so it is
// the point before the newest that counts.
//
// A position that cannot be is not believed, but its velocity is. Positions that
// go on to disagree, among themselves of one mind, are believed when more
// receivers say so than not, after Options.BelieveAfter; then the track breaks,
// and the accuracy reaches back to where it was for as long again. When as many
// receivers contradict as agree, the position stays with those that did not
// jump; after six times as long nobody is believed: the accuracy reaches both
// places, until one of them falls silent. After a gap anything is believed that
// can have been reached.
//
// A Filter is plain arithmetic on values: it reads no clock, starts nothing and
// is not safe for concurrent use.
package fusion
