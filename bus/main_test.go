//go:build !lite

package bus_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// processRole is set in the environment of this program's other processes, to
// what each is to be: a hub, or rigs. What they cost, and what becomes of the
// others when one is killed, only processes of their own can show.
const processRole = "SENSORD_BUS_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(processRole); role != "" {
		os.Exit(runProcess(role))
	}
	// A hub's server that ends does not end what it asks of rigs, which is over by
	// itself after half a minute.
	const stream = "github.com/nats-io/nats-server/v2/server.(*stream)."
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(stream+"trySetupSourceConsumer.func3"),
		goleak.IgnoreAnyFunction(stream+"tryDeleteSourcingConsumer.func1"))
}
