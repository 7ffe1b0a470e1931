package feed

import "io/fs"

// Holders looks for who has a device open into another /proc.
func Holders(proc, device string) []HeldError { return holders(proc, device) }

// Runs looks for a program into another /proc.
func Runs(proc, program string) bool { return runs(proc, program) }

// GroupAdvice says how a user comes to a device.
func GroupAdvice(device string, mode fs.FileMode, gid uint32, group, name string) string {
	return groupAdvice(device, mode, gid, group, name)
}
