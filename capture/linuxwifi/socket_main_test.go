//go:build !vm

package linuxwifi_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/sensord/sensord/internal/tap"
)

// The tests run in a network namespace of their own, with TAP devices for
// radios. Inside a test machine (tag vm) they run where the radios are.
func TestMain(m *testing.M) {
	tap.Enter()
	if os.Getenv(benchRole) != "" {
		os.Exit(runBenchRole())
	}
	goleak.VerifyTestMain(m)
}
