//go:build !unix

package spool

import (
	"errors"
	"fmt"
	"os"
)

var errLocked = errors.New("locked")

func tryLock(*os.File) error { return fmt.Errorf("file locks: %w", errors.ErrUnsupported) }

func freeBytes(string) int64 { return -1 }

func unlinked(file) bool { return false }
