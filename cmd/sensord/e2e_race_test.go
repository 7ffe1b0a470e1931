//go:build race

package main_test

// raceFlags build the binary as these tests are built.
var raceFlags = []string{"-race"}
