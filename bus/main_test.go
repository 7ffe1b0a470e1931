//go:build !lite

package bus_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/sensord/sensord/bus/bustest"
)

// processRole is set in the environment of this program's other processes, to
// what each is to be: a hub, or rigs. What they cost, and what becomes of the
// others when one is killed, only processes of their own can show.
const processRole = "SENSORD_BUS_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(processRole); role != "" {
		os.Exit(runProcess(role))
	}
	goleak.VerifyTestMain(m, bustest.Leftovers()...)
}
