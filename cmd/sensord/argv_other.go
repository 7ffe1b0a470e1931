//go:build !linux

package main

// erase does nothing: only on Linux is it known where the arguments are.
func erase(string) {}
