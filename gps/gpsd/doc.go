// Package gpsd is a client of gpsd, the service that shares receivers: it asks
// for reports as lines of JSON over TCP and makes fixes, satellites and pulses
// of them. The Decoder does that without a connection, for logs of such lines.
//
// A Client and a Decoder belong to one goroutine, but for the methods that say
// otherwise.
package gpsd
