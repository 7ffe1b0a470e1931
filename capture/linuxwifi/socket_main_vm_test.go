//go:build vm

package linuxwifi_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(benchRole) != "" {
		os.Exit(runBenchRole())
	}
	goleak.VerifyTestMain(m)
}
