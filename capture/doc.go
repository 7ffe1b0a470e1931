// Package capture holds what every capture source shares: frames and the
// batches they travel in, source definitions, and the UUIDs by which Kismet
// knows a datasource. It knows nothing of Kismet's wire, of GPS or of actors.
//
// Values are plain; only Batch has an owner, see there.
package capture
