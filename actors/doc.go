// Package actors runs a rig: it says who owns which state, who talks to whom,
// and what happens when one fails. It is the only user of the actor library,
// and holds no logic that could be tested without it: codecs, sessions, the
// frame log and capture are packages of their own.
//
//	rig ─┬─ navigator   publishes the track
//	     └─ source …    one per datasource; owns its frame log
//	         ├─ radio   reads batches from the capture engine, on credit
//	         └─ uplink  keeps a link to the server
//
// What must survive the restart of an actor (the frame log, the opened capture
// engine, counters) is a value made before the actors and handed to them.
//
// Every message is in messages.go. Frames do not wait in mailboxes: the radio
// sends a batch only against a credit of its source, and the uplink takes
// frames from the log by itself.
package actors
