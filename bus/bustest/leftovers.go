package bustest

import "go.uber.org/goleak"

// Leftovers are what servers leave behind: a hub's that ends, what it asks of rigs,
// which is over by itself after half a minute; JetStream that is stopped, the files
// of a stream that was being made.
func Leftovers() []goleak.Option {
	const (
		stream = "github.com/nats-io/nats-server/v2/server.(*stream)."
		store  = "github.com/nats-io/nats-server/v2/server.(*fileStore)."
	)
	return []goleak.Option{
		goleak.IgnoreAnyFunction(stream + "trySetupSourceConsumer.func3"),
		goleak.IgnoreAnyFunction(stream + "tryDeleteSourcingConsumer.func1"),
		goleak.IgnoreAnyFunction(store + "flushStreamStateLoop"),
	}
}
