package bustest

import "go.uber.org/goleak"

// Leftovers are what a hub's server that ends leaves behind: what it asks of
// rigs, which is over by itself after half a minute.
func Leftovers() []goleak.Option {
	const stream = "github.com/nats-io/nats-server/v2/server.(*stream)."
	return []goleak.Option{
		goleak.IgnoreAnyFunction(stream + "trySetupSourceConsumer.func3"),
		goleak.IgnoreAnyFunction(stream + "tryDeleteSourcingConsumer.func1"),
	}
}
