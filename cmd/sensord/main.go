// Command sensord is a Kismet remote-capture sensor. This package is its
// command line: Kismet's flags, subcommands, messages and exit statuses. How
// anything works is elsewhere.
package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/uplink"
)

// version is set by the linker (see the Makefile); a plain `go install` leaves
// it empty, and then the module's version counts.
var version string

func main() {
	os.Exit(run(takeArgs(os.Args), os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program: args are its arguments with its name in front, the
// result is its exit status.
func run(args []string, in io.Reader, out, errs io.Writer) int {
	a := &app{
		args: args, environ: os.Environ(), in: in, out: out, errs: errs,
		netDir: "/sys/class/net", announcePort: uplink.AnnouncePort,
		radios: radios{list: linuxwifi.List, check: linuxwifi.Check, addresses: linuxwifi.Addresses, optmem: readOptmem},
	}
	return a.finish(a.execute())
}

// app is one run of the program and what it sees of the world.
type app struct {
	args         []string // with the program's name in front
	environ      []string
	in           io.Reader
	out          io.Writer // results
	errs         io.Writer // log and messages
	netDir       string    // where the kernel lists network interfaces
	radios       radios    // the machine's
	announcePort int       // UDP port of servers' announcements

	daemon *daemonChild // nil unless this is the process in the background
}

// radios is how the program sees the machine's radios.
type radios struct {
	list      func(context.Context) ([]linuxwifi.Device, error)
	check     func(context.Context, linuxwifi.Options) (linuxwifi.Device, error)
	addresses func(context.Context) ([]linuxwifi.LinkAddress, error)
	optmem    func() (bytes int, known bool)
}

// name is the program's name as it was called, without its directory.
func (a *app) name() string {
	if len(a.args) == 0 {
		return "sensord"
	}
	return filepath.Base(a.args[0])
}

// arguments are what follows the name; never nil, which cobra would take for
// the arguments of the process.
func (a *app) arguments() []string {
	return append([]string{}, a.args[min(1, len(a.args)):]...)
}

// versionText returns the version for people and for servers.
func versionText() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
