package kismet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
)

// An Announcement is what a server broadcasts over UDP, by default to port
// 2501, so that sensors find it. Its address is the datagram's source; a
// websocket goes to port 2501, because the packet's own web port is garbage in
// every server there is.
type Announcement struct {
	TCPPort    int    // of the legacy TCP listener, usually 3501; 0 if there is none
	ServerUUID string // printable, up to 36 bytes, and not checked further
	ServerName string // printable, up to 31 bytes
	Time       time.Time
}

// Layout of an announcement: a packed structure, big endian.
const (
	announcementTag     = 0x00004B49534D4554 // "KISMET"
	announcementVersion = 1
	announcementSize    = 102

	versionAt = 8
	webPortAt = 10
	tcpPortAt = 14
	secAt     = 18
	usecAt    = 26
	uuidAt    = 34
	nameAt    = 70

	webPort = 2501
)

// DecodeAnnouncement reads a datagram. The error is ErrNotKismet if it is
// something else. What it says is hostile until proven otherwise: the texts
// hold printable characters only, others became '?', and a time that cannot be
// is the zero time.
func DecodeAnnouncement(p []byte) (Announcement, error) {
	if len(p) < announcementSize || binary.BigEndian.Uint64(p) != announcementTag {
		return Announcement{}, ErrNotKismet
	}
	if v := binary.BigEndian.Uint16(p[versionAt:]); v != announcementVersion {
		return Announcement{}, fmt.Errorf("announcement: version %d, want %d", v, announcementVersion)
	}
	port := binary.BigEndian.Uint32(p[tcpPortAt:])
	if port > math.MaxUint16 {
		return Announcement{}, fmt.Errorf("announcement: TCP port %d", port)
	}
	return Announcement{
		TCPPort:    int(port),
		ServerUUID: printable(p[uuidAt:nameAt]),
		ServerName: printable(p[nameAt : announcementSize-1]),
		Time:       announcedTime(binary.BigEndian.Uint64(p[secAt:]), binary.BigEndian.Uint64(p[usecAt:])),
	}, nil
}

// AppendAnnouncement appends a datagram as a server sends it. Longer texts are
// cut.
func AppendAnnouncement(dst []byte, a Announcement) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, announcementSize)...)
	p := dst[start:]
	binary.BigEndian.PutUint64(p, announcementTag)
	binary.BigEndian.PutUint16(p[versionAt:], announcementVersion)
	binary.BigEndian.PutUint32(p[webPortAt:], webPort)
	binary.BigEndian.PutUint32(p[tcpPortAt:], uint32(a.TCPPort))
	if !a.Time.IsZero() {
		binary.BigEndian.PutUint64(p[secAt:], uint64(a.Time.Unix()))
		binary.BigEndian.PutUint64(p[usecAt:], uint64(a.Time.Nanosecond()/1e3))
	}
	copy(p[uuidAt:nameAt], a.ServerUUID)
	copy(p[nameAt:announcementSize-1], a.ServerName)
	return dst
}

// announcedTime is the zero time if the numbers are no time before the year
// 10 000, which is where text formats of times end.
func announcedTime(sec, usec uint64) time.Time {
	const year10000 = 253402300800
	if sec == 0 || sec >= year10000 || usec >= 1e6 {
		return time.Time{}
	}
	return time.Unix(int64(sec), int64(usec)*1e3).UTC()
}

// printable reads a text up to its first NUL.
func printable(field []byte) string {
	if i := bytes.IndexByte(field, 0); i >= 0 {
		field = field[:i]
	}
	return strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, string(field))
}
