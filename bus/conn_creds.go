//go:build !lite

package bus

import "time"

// checkFile says what is wrong with a file of credentials.
func checkFile(file, fleet, rig string) error { return checkCreds(file, fleet, rig, time.Now()) }
