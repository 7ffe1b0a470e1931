//go:build race

package fusion_test

// The race detector needs few drives to see everything, and is slow. Statistics
// of few drives are luck, so that only what holds for each single one is asked.
const (
	seeds       = 2
	again       = 0
	enoughSeeds = false
)
