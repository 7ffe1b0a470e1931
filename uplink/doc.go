// Package uplink holds a datasource's session with a Kismet server: dialling,
// finding out which protocol generation the server speaks, and streaming a
// frame log with the server's PONGs as acknowledgement.
//
//	link, err := dialer.Dial(ctx)      // connected, logged in, protocol known
//	err = link.Run(ctx, session)       // announced, streaming, until it ends
//
// A Link owns its connection and two goroutines, one that reads and one that
// writes; Run waits for both. The package knows nothing of radios or actors.
package uplink
