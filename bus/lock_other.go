//go:build !unix && !lite

package bus

import (
	"errors"
	"fmt"
	"os"
)

func lockFile(*os.File) error { return fmt.Errorf("file locks: %w", errors.ErrUnsupported) }

func waitLock(f *os.File) error { return lockFile(f) }
