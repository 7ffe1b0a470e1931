// Package nmea turns the bytes of a NMEA 0183 receiver into fixes, and fixes
// into sentences.
//
// A [Decoder] takes bytes as they come from a line, a socket or a file: cut
// anywhere, with binary protocols and noise in between. It finds the sentences,
// puts those of one instant together to one epoch, and tells of each epoch
// exactly one gps.Fix, whatever the order of its sentences:
//
//   - RMC, GGA, GNS, GLL and PUBX,00 say where the receiver is and whether that
//     counts. With one of them an epoch begins; it ends with the next one of
//     another time, with the sentence that ended the epochs before, which the
//     Decoder learns, or with Flush, when the line fell silent.
//   - VTG, GSA, GST, GBS and ZDA add to it. A VTG has no time: between two epochs
//     it is of the one before, which was told without it, until the Decoder has
//     learned to wait for it; but of the next one behind a silence, or where it
//     came first the last time.
//   - GSV become gps.Sky, warnings in TXT, and a datum other than WGS 84 in DTM,
//     become gps.Notice; so does a time of day that stands still, because no
//     epoch is told twice.
//
// # What counts
//
// A position counts when at least one sentence of its epoch vouches for it and
// none denies it. Quality 0, status V, mode N and GSA's mode 1 deny. So does a
// quality of 1 to 5 from fewer than three satellites, unless GSA says that it is
// a fix. An empty quality or mode says nothing: what stands beside it is not
// taken. What denies makes the epoch's fix one with ModeNone.
//
// As with gpsd, positions that the receiver estimates by dead reckoning
// (quality 6, mode E), was given by hand (7, M) or simulates (8, S; some
// handhelds of Garmin say so of real ones) count. The last two are told as a
// gps.Notice. An estimated one has no accuracy, unless the receiver says it,
// because dilution says nothing of it.
//
// The mode is GSA's, the best where there is one per system; but what has an
// altitude from more than four satellites is never two-dimensional, even if GSA
// says so, as in some telephones and modems. Where a receiver sends no GSA, a
// fix is three-dimensional if it has an altitude and the receiver does not say
// that fewer than four satellites made it. An altitude beside a two-dimensional
// fix is held from earlier or assumed, and left out.
//
// # How good a fix is
//
// The accuracy is from the error ellipse of GST, else from PUBX,00, else from
// the expected errors of GBS, else from the dilution and an assumed error of the
// distances (gps.RangeErrorM); standard deviations become 95 % radii with
// gps.Radius95. Where a receiver says none of that, there is none.
//
// A GST that comes behind the sentence that ends most epochs, and in one of
// several epochs only, is too late for its own: the accuracy is then from the
// dilution. To wait for it would keep every other fix back until the next epoch
// begins. One that comes earlier in its epoch counts for that.
//
// # What a date is
//
// Only RMC and ZDA carry the date. It moves on by itself over midnight, and is
// believed from epochs with a fix only: a receiver that has none counts from
// whenever its clock was last set. Two-digit years are 1980 to 2079. Without
// a date, gps.Fix.TimeNs is 0, unless Options.StartDate says where to begin.
//
// A Decoder starts no goroutine, waits for nothing, and belongs to one
// goroutine at a time.
package nmea
