package actors

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/internal/tap"
)

// liveRole is set in the environment of this program's other processes, to
// what each is to do.
const liveRole = "SENSORD_LIVE_ROLE"

const (
	roleInside = "inside" // run tests in a namespace, where TAP devices are radios
	roleSender = "sender" // write frames to TAP devices
	roleServer = "server" // be the Kismet server
)

// Tests run as they are; benchmarks, and the test that wants it, in a network
// namespace of their own.
func TestMain(m *testing.M) {
	flag.Parse()
	role := os.Getenv(liveRole)
	if role != "" || flag.Lookup("test.bench").Value.String() != "" {
		tap.Enter()
	}
	switch role {
	case roleSender:
		os.Exit(runSender())
	case roleServer:
		os.Exit(runServer())
	}
	goleak.VerifyTestMain(m, bustest.Leftovers()...)
}
