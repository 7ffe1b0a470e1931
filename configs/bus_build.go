//go:build !lite

package configs

// BusServer reports whether this build has a bus's server of its own, which
// BusEmbedded and BusLeaf take.
const BusServer = true
