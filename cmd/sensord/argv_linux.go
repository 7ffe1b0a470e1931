package main

import "unsafe"

// erase overwrites a text with zeros. It must lie in the process's own
// argument memory, as the texts of os.Args do (runtime.goargs does not copy
// them): constants are read-only, and others share the memory of variables.
func erase(s string) {
	clear(unsafe.Slice(unsafe.StringData(s), len(s)))
}
