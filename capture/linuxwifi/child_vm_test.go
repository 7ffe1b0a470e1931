//go:build vm && linux

package linuxwifi_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/internal/vmtest"
)

// childRadio, in the environment, makes a test run as a process of its own
// that opens the radio, says how that went, and waits.
const (
	childRadio = "SENSORD_TEST_RADIO"
	childState = "SENSORD_TEST_STATE"
)

// beChild is what the child does.
func beChild(t *testing.T) {
	t.Helper()
	r, err := linuxwifi.Open(context.Background(), linuxwifi.Options{
		Interface: os.Getenv(childRadio), StateDir: os.Getenv(childState),
	})
	if err != nil {
		tell(string(fault.CodeOf(err)) + ": " + err.Error())
		return
	}
	tell(fmt.Sprint("open ", r.Details().Notes))
	_, _ = os.Stdin.Read(make([]byte, 1))
	if err := r.Close(); err != nil {
		tell(err.Error())
	}
}

// tell says something to the parent.
func tell(text string) { _, _ = os.Stdout.WriteString("child: " + text + "\n") }

// startChild runs a test of this binary as a child for a radio, and returns
// what it said first.
func startChild(t *testing.T, test, iface, dir string, attr *syscall.SysProcAttr) (child *exec.Cmd, said string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child = exec.Command(self, "-test.run=^"+test+"$", "-test.v")
	child.Env = append(os.Environ(), childRadio+"="+iface, childState+"="+dir)
	child.SysProcAttr = attr
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	child.Stderr = os.Stderr
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = child.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "child: "); ok {
			return child, text
		}
	}
	t.Fatal("the child said nothing")
	return nil, ""
}

func TestVMKilledRunIsPutBack(t *testing.T) {
	if os.Getenv(childRadio) != "" {
		beChild(t)
		return
	}
	for _, how := range []string{"restore", "open"} {
		t.Run(how, func(t *testing.T) {
			radio, dir := vmtest.NewRadio(t, vmtest.RadioOptions{}), t.TempDir()
			vmtest.SetUp(t, radio.Interface, true)
			before := condition(t, radio)
			child, said := startChild(t, "TestVMKilledRunIsPutBack", radio.Interface, dir, nil)
			if !strings.HasPrefix(said, "open") {
				t.Fatalf("child: %s", said)
			}
			during := condition(t, radio)
			if !strings.Contains(during, radio.Interface+"mon type monitor up=true") {
				t.Fatalf("while it runs:\n%s", during)
			}
			// While it runs nobody restores it, or opens it.
			if err := linuxwifi.Restore(vmtest.Context(t), dir, nil); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(during, condition(t, radio)); diff != "" {
				t.Errorf("a running radio was changed (-before +after):\n%s", diff)
			}
			_, err := linuxwifi.Open(vmtest.Context(t), linuxwifi.Options{Interface: radio.Interface, StateDir: dir})
			if fault.CodeOf(err) != fault.RadioBusy {
				t.Errorf("second open: %v", err)
			}

			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_, _ = child.Process.Wait()
			// Somebody else's interface with a name like ours.
			vmtest.IW(t, "dev", radio.Interface, "interface", "add", "kismon0", "type", "monitor")
			if how == "restore" {
				if err := linuxwifi.Restore(vmtest.Context(t), dir, slog.New(slog.NewTextHandler(t.Output(), nil))); err != nil {
					t.Error(err)
				}
			} else {
				r := openRadio(t, linuxwifi.Options{Interface: radio.Interface, StateDir: dir})
				if got := r.Details().CaptureInterface; got != radio.Interface+"mon" {
					t.Errorf("captures from %s", got)
				}
				if err := r.Close(); err != nil {
					t.Error(err)
				}
			}
			vmtest.IW(t, "dev", "kismon0", "del")
			if diff := cmp.Diff(before, condition(t, radio)); diff != "" {
				t.Errorf("radio is not as it was (-before +after):\n%s", diff)
			}
			files, _ := os.ReadDir(dir)
			if slices.ContainsFunc(files, func(e os.DirEntry) bool { return strings.HasSuffix(e.Name(), ".json") }) {
				t.Errorf("state is left: %v", files)
			}
		})
	}
}

func TestVMTwoCapabilitiesAreEnough(t *testing.T) {
	if os.Getenv(childRadio) != "" {
		beChild(t)
		return
	}
	radio, dir := vmtest.NewRadio(t, vmtest.RadioOptions{}), t.TempDir()
	const nobody = 65534
	openToAll(t, dir)
	for _, test := range []struct {
		caps []uintptr
		want string
	}{
		{[]uintptr{unix.CAP_NET_ADMIN, unix.CAP_NET_RAW}, "open []"},
		{[]uintptr{unix.CAP_NET_ADMIN}, "radio.permission: radio " + radio.Interface + ": the capability CAP_NET_RAW is missing"},
		{[]uintptr{unix.CAP_NET_RAW}, "radio.permission: radio " + radio.Interface + ": the capability CAP_NET_ADMIN is missing"},
		{nil, "radio.permission: radio " + radio.Interface + ": the capabilities CAP_NET_ADMIN and CAP_NET_RAW are missing"},
	} {
		t.Run(fmt.Sprint(test.caps), func(t *testing.T) {
			_, said := startChild(t, "TestVMTwoCapabilitiesAreEnough", radio.Interface, dir, &syscall.SysProcAttr{
				Credential: &syscall.Credential{Uid: nobody, Gid: nobody}, AmbientCaps: test.caps,
			})
			if said != test.want {
				t.Errorf("said %q, want %q", said, test.want)
			}
		})
	}
}

// openToAll lets the child of another user reach this test's folder.
func openToAll(t *testing.T, dir string) {
	t.Helper()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for up := dir; up != "/"; up = up[:max(1, strings.LastIndex(up, "/"))] {
		if info, err := os.Stat(up); err == nil && info.Mode()&0o5 != 0o5 {
			if err := os.Chmod(up, info.Mode()|0o5); err != nil {
				t.Fatal(err)
			}
		}
	}
}
