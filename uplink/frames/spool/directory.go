package spool

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
)

// What is in a source's directory, besides its segments: NNNNNNNN.seg with the
// frames and NNNNNNNN.pts with the track's points and the states of the clock.
const (
	metaName      = "meta"
	lockName      = "lock"
	cursorName    = "cursor"
	segmentSuffix = ".seg"
	pointsSuffix  = ".pts"
)

// meta says whose directory it is, for people and for List.
type meta struct {
	Version int    `json:"version"`
	UUID    string `json:"uuid"`
	Name    string `json:"name"`
	Type    string `json:"type"`
	Live    bool   `json:"live"`
}

// writeMeta replaces the file, so that it is whole at any time.
func writeMeta(dir string, m meta) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(filepath.Join(dir, metaName))
	if err == nil && string(old) == string(text)+"\n" {
		return nil
	}
	temporary := filepath.Join(dir, metaName+".new")
	if err := os.WriteFile(temporary, append(text, '\n'), 0o640); err != nil {
		return err
	}
	return os.Rename(temporary, filepath.Join(dir, metaName))
}

// readMeta returns what can be read of it; a later version is an error.
func readMeta(dir string) (m meta, err error) {
	f, err := os.Open(filepath.Join(dir, metaName))
	if err != nil {
		return m, nil // its segments say what matters
	}
	defer func() { _ = f.Close() }()
	text, _ := io.ReadAll(io.LimitReader(f, 64<<10))
	if json.Unmarshal(text, &m) != nil {
		return meta{}, nil
	}
	return m, tooNew(dir, m.Version)
}

func tooNew(dir string, found int) error {
	if found <= version {
		return nil
	}
	return fault.Newf(fault.SpoolVersion, "spool "+dir, "it is of version %d, and this sensord knows version %d", found, version)
}

const (
	lockTries = 10
	lockAgain = 20 * time.Millisecond
)

// lock takes a source's directory for this process, as long as the file is
// open. The file names the process that has it.
func lock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, err
	}
	err = tryLock(f)
	for range lockTries {
		if !errors.Is(err, errLocked) {
			break
		}
		<-time.After(lockAgain) // it may be held by who looks whether it is, see locked
		err = tryLock(f)
	}
	if err != nil {
		who, _ := io.ReadAll(io.LimitReader(f, 20))
		_ = f.Close()
		if !errors.Is(err, errLocked) {
			return nil, err
		}
		return nil, fault.New(fault.SpoolLocked, "spool "+dir, lockedBy(string(who)))
	}
	_ = f.Truncate(0)
	_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0) // only for people to read
	return f, nil
}

func lockedBy(text string) error {
	if pid, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
		return fmt.Errorf("process %d writes to it", pid)
	}
	return errors.New("another process writes to it")
}

// segmentNumbers lists the segments in a directory in order. Of one whose frames
// are gone, only the points may be left.
func segmentNumbers(dir string) ([]uint32, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var numbers []uint32
	for _, e := range entries {
		base, _, _ := strings.Cut(e.Name(), ".")
		n, err := strconv.ParseUint(base, 10, 32)
		if err != nil || n == 0 || (e.Name() != segmentName(uint32(n)) && e.Name() != pointsName(uint32(n))) {
			continue
		}
		numbers = append(numbers, uint32(n))
	}
	slices.Sort(numbers)
	return slices.Compact(numbers), nil
}

func segmentName(n uint32) string { return fmt.Sprintf("%08d"+segmentSuffix, n) }

func pointsName(n uint32) string { return fmt.Sprintf("%08d"+pointsSuffix, n) }

// sourceDirectories lists the sources in a spool directory.
func sourceDirectories(dir string) ([]capture.UUID, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fault.New(fault.SpoolAbsent, "spool "+dir, errors.New("no such directory"))
	}
	if err != nil {
		return nil, diskFault(dir, err)
	}
	var found []capture.UUID
	for _, e := range entries {
		if uuid, err := capture.ParseUUID(e.Name()); err == nil && e.IsDir() && uuid.String() == e.Name() {
			found = append(found, uuid)
		}
	}
	return found, nil
}

// syncDir makes the names in a directory safe.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
