// Package pb is what rigs of a fleet tell each other: where and how they are,
// what happened, what they claim. The messages are of sensord.proto; each has a
// twin in JSON. What the Decode functions return is within all bounds, of size,
// number and meaning, whoever sent it; texts may have any character, so who
// shows them cleans them. Functions and messages are values without state: a
// message may be read from any goroutine while none changes it.
package pb
