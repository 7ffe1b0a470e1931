package main

import (
	"bytes"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// diskFacts is what a directory's disk is like.
type diskFacts struct {
	made   bool          // the directory is there
	free   int64         // for who asks, in bytes
	size   int64         // of all of it
	device int64         // the same number, the same disk
	memory bool          // it is none: gone with the power
	sync   time.Duration // what it takes to make 64 KiB safe; 0 if nothing was written
}

func (f diskFacts) where(dir string) string {
	if f.made {
		return dir + " can be written to"
	}
	return dir + " will be made"
}

func (f diskFacts) pace() string {
	if f.sync == 0 {
		return ""
	}
	return "a sync takes " + roughly(f.sync).String()
}

// probeDisk writes to a directory what nobody ever sees: the file has no name
// any more when it is written. Of a directory that is not there the nearest one
// above it is looked at, and nothing is written.
func probeDisk(dir string) (diskFacts, error) {
	near, err := writable(dir)
	if err != nil {
		return diskFacts{}, err
	}
	var disk unix.Statfs_t
	var at unix.Stat_t
	if err := errors.Join(unix.Statfs(near, &disk), unix.Stat(near, &at)); err != nil {
		return diskFacts{}, err
	}
	kind, block := uint32(wide(disk.Type)), wide(disk.Bsize)
	f := diskFacts{
		made: near == dir, free: wide(disk.Bavail) * block, size: wide(disk.Blocks) * block, device: wide(at.Dev),
		memory: kind == unix.TMPFS_MAGIC || kind == unix.RAMFS_MAGIC,
	}
	if f.made {
		f.sync, err = syncTime(dir)
	}
	return f, err
}

func syncTime(dir string) (time.Duration, error) {
	file, err := os.CreateTemp(dir, ".sensord-check-")
	if err != nil {
		return 0, err
	}
	defer file.Close()
	if err := os.Remove(file.Name()); err != nil {
		return 0, err
	}
	began := time.Now()
	if _, err := file.Write(bytes.Repeat([]byte("sensord "), 64<<10/8)); err != nil {
		return 0, err
	}
	if err := file.Sync(); err != nil {
		return 0, err
	}
	return max(time.Since(began), 1), nil
}

// wide makes one type of what the kernel's structures have: their fields differ
// from machine to machine.
func wide[T ~int32 | ~int64 | ~uint32 | ~uint64](n T) int64 { return int64(n) }
