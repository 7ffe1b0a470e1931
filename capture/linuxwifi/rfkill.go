package linuxwifi

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// rfkillSwitch finds a phy's switches in sysfs and turns them through the
// device, which systems open to the user at the seat, or else through sysfs.
type rfkillSwitch struct {
	sysfs  sysfs
	device string
}

// rfkillChange is RFKILL_OP_CHANGE (linux/rfkill.h).
const rfkillChange = 2

// Blocked joins the phy's switches: one that is off is enough.
func (k rfkillSwitch) Blocked(phy int) (block, error) {
	dirs, err := k.switches(phy)
	if err != nil {
		return block{}, err
	}
	var b block
	for _, dir := range dirs {
		soft, err := k.sysfs.number(filepath.Join(dir, "soft"))
		if err != nil {
			return block{}, err
		}
		hard, err := k.sysfs.number(filepath.Join(dir, "hard"))
		if err != nil {
			return block{}, err
		}
		b.Soft = b.Soft || soft != 0
		b.Hard = b.Hard || hard != 0
	}
	return b, nil
}

// SetSoft turns the phy's switches.
func (k rfkillSwitch) SetSoft(phy int, blocked bool) error {
	dirs, err := k.switches(phy)
	if err != nil {
		return err
	}
	if len(dirs) == 0 {
		return os.ErrNotExist
	}
	for _, dir := range dirs {
		err := k.writeDevice(dir, blocked)
		if err == nil {
			continue
		}
		if sysErr := k.writeAttribute(dir, blocked); sysErr != nil {
			return errors.Join(err, sysErr)
		}
	}
	return nil
}

// Writable reports whether SetSoft has the permission.
func (k rfkillSwitch) Writable(phy int) bool {
	if unix.Access(k.device, unix.W_OK) == nil {
		return true
	}
	dirs, err := k.switches(phy)
	if err != nil || len(dirs) == 0 {
		return false
	}
	for _, dir := range dirs {
		if unix.Access(filepath.Join(dir, "soft"), unix.W_OK) != nil {
			return false
		}
	}
	return true
}

// switches returns the folders of a phy's switches.
func (k rfkillSwitch) switches(phy int) ([]string, error) {
	dir, err := k.sysfs.phyDir(phy)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, e := range entries {
		if _, err := switchIndex(e.Name()); err == nil {
			dirs = append(dirs, filepath.Join(dir, e.Name()))
		}
	}
	return dirs, nil
}

// switchIndex reads the number in rfkill7, which is what the device knows the
// switch by. Unlike a phy's, this name is never changed.
func switchIndex(name string) (uint32, error) {
	digits, ok := strings.CutPrefix(name, "rfkill")
	if !ok {
		return 0, strconv.ErrSyntax
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), err
}

// writeDevice writes a struct rfkill_event: index, type, op, soft, hard.
func (k rfkillSwitch) writeDevice(dir string, blocked bool) error {
	index, err := switchIndex(filepath.Base(dir))
	if err != nil {
		return err
	}
	f, err := os.OpenFile(k.device, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	event := binary.NativeEndian.AppendUint32(nil, index)
	event = append(event, 0, rfkillChange, digit(blocked)-'0', 0)
	_, err = f.Write(event)
	return errors.Join(err, f.Close())
}

func (k rfkillSwitch) writeAttribute(dir string, blocked bool) error {
	f, err := os.OpenFile(filepath.Join(dir, "soft"), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write([]byte{digit(blocked)})
	return errors.Join(err, f.Close())
}

func digit(b bool) byte {
	if b {
		return '1'
	}
	return '0'
}
