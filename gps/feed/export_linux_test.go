package feed

// Holder looks for who has a device open into another /proc.
func Holder(proc, device string) (string, bool) {
	h := holder(proc, device)
	return h.String(), h.pid != 0
}

// Runs looks for a program into another /proc.
func Runs(proc, program string) bool { return runs(proc, program) }
