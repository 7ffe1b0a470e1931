//go:build !unix

package export

import (
	"errors"
	"os"
)

// lockFile has no locks here.
func lockFile(*os.File) (bool, error) { return false, errors.ErrUnsupported }
