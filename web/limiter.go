package web

import (
	"sync"
	"time"
)

// maxBuckets bounds what a limiter remembers. Who comes when it is full shares
// one bucket with the others that do.
const maxBuckets = 1024

// A limiter lets so many things happen per second, and a burst of them, for
// each key.
type limiter[K comparable] struct {
	perSecond, burst float64

	mu      sync.Mutex
	buckets map[K]*bucket
}

// A bucket held so many tokens at a time; since then it has filled.
type bucket struct {
	tokens float64
	at     time.Time
}

func newLimiter[K comparable](perSecond, burst float64) *limiter[K] {
	return &limiter[K]{perSecond: perSecond, burst: burst, buckets: map[K]*bucket{}}
}

// take takes a token, and returns how many are left; false if there was none.
func (l *limiter[K]) take(key K) (left float64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucket(key)
	if b.tokens < 1 {
		return b.tokens, false
	}
	b.tokens--
	return b.tokens, true
}

// has reports whether there is a token to take.
func (l *limiter[K]) has(key K) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.buckets[key]; !known && len(l.buckets) < maxBuckets {
		return true
	}
	return l.bucket(key).tokens >= 1
}

// bucket returns the bucket of a key, filled up to now.
func (l *limiter[K]) bucket(key K) *bucket {
	now := time.Now()
	b := l.buckets[key]
	if b == nil && len(l.buckets) >= maxBuckets {
		l.forget(now)
	}
	if b == nil && len(l.buckets) >= maxBuckets {
		var others K
		key = others
		b = l.buckets[key]
	}
	if b == nil {
		b = &bucket{tokens: l.burst, at: now}
		l.buckets[key] = b
	}
	l.fill(b, now)
	return b
}

// fill gives a bucket what has come since it was last looked at.
func (l *limiter[K]) fill(b *bucket, now time.Time) {
	b.tokens = min(l.burst, b.tokens+l.perSecond*now.Sub(b.at).Seconds())
	b.at = now
}

// forget drops the buckets that are full, which are as good as none.
func (l *limiter[K]) forget(now time.Time) {
	for key, b := range l.buckets {
		if l.fill(b, now); b.tokens >= l.burst {
			delete(l.buckets, key)
		}
	}
}
