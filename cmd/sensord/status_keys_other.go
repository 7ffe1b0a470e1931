//go:build !linux

package main

import (
	"context"
	"io"
)

// keysOf has no keys here: Ctrl-C ends the view.
func keysOf(context.Context, io.Reader) (keys <-chan byte, restore func()) { return nil, func() {} }
