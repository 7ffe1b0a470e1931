package machine

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
)

// An Image is what goes into the guest's only file system, in memory.
type Image struct {
	Root     string            // folder with Debian's packages unpacked: kernel, hostapd, iw, regulatory database
	Init     string            // program that the kernel starts
	Programs map[string]string // further programs: path in the guest, static file of the host
	Country  string            // regulatory domain that tests begin with
	Tests    []TestFiles
}

// TestFiles is a package under test, on the host.
type TestFiles struct {
	Package string   // import path
	Dir     string   // its folder, below the module's root
	Source  string   // the same folder, on the host
	Binary  string   // static test binary
	Args    []string // flags for it
}

// wantedModules is what tests need of the kernel beyond what is part of it: the
// radios, TAP devices, and the cipher of access points with encryption.
func wantedModules() []string {
	return []string{"mac80211_hwsim", "tun", "ccm", "ctr", "gcm", "cmac", "af_packet"}
}

// Write writes the image as an initramfs.
func (i *Image) Write(w io.Writer) error {
	a := newArchive(w)
	for _, dir := range []string{"/proc", "/sys", "/dev", "/run", "/root", "/var/lib"} {
		a.Dir(dir, 0o755)
	}
	a.Dir("/tmp", 0o1777)
	a.Device("/dev/console", 5, 1) // what the kernel opens for init
	a.Text("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nsensord:x:1000:1000:sensord:/tmp:/bin/sh\n")
	a.Text("/etc/group", "root:x:0:\nsensord:x:1000:\n")
	a.Text("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n")
	a.File("/init", i.Init)

	plan := Plan{Country: i.Country}
	modules, err := kernelModules(i.Root, wantedModules())
	if err != nil {
		return err
	}
	for _, file := range modules {
		name := path.Join("/lib/modules", filepath.Base(file))
		a.File(name, file)
		plan.Modules = append(plan.Modules, name)
	}
	if err := i.tools(a); err != nil {
		return err
	}
	for _, test := range i.Tests {
		dir := path.Join(SourceDir, test.Dir)
		binary := path.Join(dir, path.Base(test.Package)+".test")
		a.File(binary, test.Binary)
		if err := addTree(a, path.Join(dir, "testdata"), filepath.Join(test.Source, "testdata")); err != nil {
			return err
		}
		plan.Tests = append(plan.Tests, Test{Package: test.Package, Dir: dir, Binary: binary, Args: test.Args})
	}
	text, err := json.Marshal(plan)
	if err != nil {
		return err
	}
	a.Text(PlanPath, string(text))
	return a.Close()
}

// tools adds what tests call, and what the kernel asks for.
func (i *Image) tools(a *archive) error {
	for name, from := range i.Programs {
		a.File(name, from)
	}
	programs := []string{"usr/sbin/hostapd", "sbin/iw"}
	found, err := libraries(i.Root, programs...)
	if err != nil {
		return err
	}
	for _, name := range append(programs, found...) {
		a.File(name, filepath.Join(i.Root, name))
	}
	// The package leaves the choice between its own database and upstream's to
	// the machine's administrator. Without one there is no 6 GHz.
	for _, name := range []string{"regulatory.db", "regulatory.db.p7s"} {
		a.File(path.Join("/lib/firmware", name), filepath.Join(i.Root, "lib/firmware", name+"-debian"))
	}
	return nil
}

// addTree adds the folder dir with all that is in it, if it exists.
func addTree(a *archive, name, dir string) error {
	if matches, err := filepath.Glob(dir); err != nil || matches == nil {
		return err
	}
	return filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		switch to := path.Join(name, filepath.ToSlash(rel)); {
		case d.IsDir():
			a.Dir(to, 0o755)
		case d.Type().IsRegular():
			a.File(to, file)
		default:
			return fmt.Errorf("%s: only files and folders can go into the machine", file)
		}
		return nil
	})
}
