// Package replay reads logs of receivers: NMEA sentences as they came over a
// line, or what gpsd told its clients, plain or compressed with gzip. Read tells
// what is in one, as fast as it is taken; a Player plays one as if it were a
// live receiver.
//
// Logs are read as people keep them: with comments of gpsd's own logs (lines
// that begin with #), with time stamps in front of the lines as gpspipe -t and
// ts write them, with garbage around and in between. Where a log has both NMEA
// and gpsd's reports, as gpspipe -r -w writes, the reports count: they say the
// same.
//
// A time stamp counts as the time of arrival of its line if it is beyond doubt:
// seconds since 1970, or ISO 8601 with a zone, with a fraction. Others are passed
// over, and where there is none, fixes came when they were.
//
// A log is streamed: a few hundred kilobytes of it are in memory, whatever its
// size.
package replay
