//go:build !race

package fusion_test

const (
	seeds       = 40 // drives of each scenario
	again       = 2  // more of them along each way, for calibration only
	enoughSeeds = true
)
