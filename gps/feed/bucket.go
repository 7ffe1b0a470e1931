package feed

import "time"

// A peer may send as much as a serial line at 921600 baud carries, and what a
// network held back for a while at once. A whole epoch of a receiver for all
// systems has 2 KiB, and 25 of them a second are rare.
const (
	allowedRate  = 96 << 10 // bytes a second
	allowedBurst = 64 << 10 // bytes
)

// A bucket says how much more a peer may send.
type bucket struct {
	level float64 // bytes; below zero they were borrowed
	at    time.Time
}

func newBucket(now time.Time) bucket { return bucket{level: allowedBurst, at: now} }

func (b *bucket) fill(now time.Time) {
	if d := now.Sub(b.at); d > 0 {
		b.level = min(allowedBurst, b.level+d.Seconds()*allowedRate)
		b.at = now
	}
}

// take takes n bytes, and returns how long to wait until they are there.
func (b *bucket) take(n int, now time.Time) time.Duration {
	b.fill(now)
	b.level -= float64(n)
	if b.level >= 0 {
		return 0
	}
	return time.Duration(-b.level / allowedRate * float64(time.Second))
}

// empty reports whether nothing is there to take.
func (b *bucket) empty(now time.Time) bool {
	b.fill(now)
	return b.level <= 0
}

func (b *bucket) full(now time.Time) bool {
	b.fill(now)
	return b.level >= allowedBurst
}

// fullAt is when the bucket is full if nothing more is taken.
func (b *bucket) fullAt() time.Time {
	return b.at.Add(time.Duration((allowedBurst-b.level)/allowedRate*float64(time.Second)) + time.Millisecond)
}
