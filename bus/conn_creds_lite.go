//go:build lite

package bus

import (
	"errors"
	"os"

	"github.com/sensord/sensord/internal/fault"
)

// checkFile says what is wrong with a file of credentials. This build only
// knows whether it can be read.
func checkFile(file, _, _ string) error {
	f, err := os.Open(file)
	if path, ok := errors.AsType[*os.PathError](err); ok {
		err = path.Err
	}
	if err != nil {
		return fault.New(fault.BusAuth, "credentials "+file, err)
	}
	_ = f.Close()
	return nil
}
