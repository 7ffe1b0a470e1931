// Package replay reads logs of receivers: NMEA sentences as they came over a
// line, or what gpsd told its clients, plain or compressed with gzip. Read tells
// what is in one, as fast as it is taken; a Player plays one as if it were a
// live receiver.
//
// Logs are read as people keep them: with comments of gpsd's own logs (lines
// that begin with #), with time stamps in front of the lines as gpspipe -t and
// ts write them, with garbage around and in between.
//
// Where a log has both NMEA and gpsd's reports, what has the positions counts.
// What gpsd says of itself in front of the sentences of gpspipe -r is no position.
// Where both have them, as gpspipe -r -w writes, they say the same, and one kind
// is left out: the sentences, if there was a TPV before their first position was
// told, and else the reports. Where ten positions in a row are of the kind that
// is left out, the log goes on with that one, from the first of the ten. A Notice
// says so, and another at the end how many positions were left out. That is
// decided line by line, so that files and pipes are read alike; only where gpsd's
// reports of a pipe have no position are the first ten of sentences beside them
// told late.
//
// A time stamp counts as the time of arrival of its line if it is beyond doubt:
// seconds since 1970, or ISO 8601 with a zone, with a fraction. Others are passed
// over, and where there is none, fixes came when they were.
//
// A log is streamed: a few hundred kilobytes of it are in memory, whatever its
// size.
package replay
