// Package rest is a client of Kismet's REST, for what a sensor wants of it
// beside its websocket: a meta GPS that is kept where the sensor is, for servers
// that locate frames by metagps= instead of by the frames' own positions.
//
// Logins travel in headers, never in URLs. Errors are *fault.Error: link.* when
// there was no answer, rest.role when the login may not do it, metagps.absent
// when there is no such meta GPS, rest.refused for any other answer. Every
// question ends within Timeout.
package rest
