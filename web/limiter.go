package web

import (
	"sync"
	"time"
)

// maxBuckets bounds what a limiter remembers. Who comes when it is full shares
// one bucket with the others that do.
const maxBuckets = 1024

// A limiter lets something happen once in so long a time for each key, and a
// burst of it.
type limiter[K comparable] struct {
	every time.Duration
	burst int

	mu      sync.Mutex
	buckets map[K]*bucket
}

// A bucket holds a burst of tokens when it is full.
type bucket struct {
	full   time.Time // when it is, if no more are taken
	missed int       // found none, since the last that found one
}

func newLimiter[K comparable](every time.Duration, burst int) *limiter[K] {
	return &limiter[K]{every: every, burst: burst, buckets: map[K]*bucket{}}
}

// take takes a token, and returns how many found none since the last one was
// taken; false if there is none now.
func (l *limiter[K]) take(key K) (missed int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	b := l.bucket(key, now)
	if b.full.Before(now) {
		b.full = now
	}
	if b.full.Sub(now) > time.Duration(l.burst-1)*l.every {
		b.missed++
		return 0, false
	}
	b.full = b.full.Add(l.every)
	missed, b.missed = b.missed, 0
	return missed, true
}

// bucket returns the bucket of a key.
func (l *limiter[K]) bucket(key K, now time.Time) *bucket {
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
		b = &bucket{}
		l.buckets[key] = b
	}
	return b
}

// forget drops the buckets that are full, which are as good as none.
func (l *limiter[K]) forget(now time.Time) {
	for key, b := range l.buckets {
		if !b.full.After(now) {
			delete(l.buckets, key)
		}
	}
}
