package uplink_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismettest"
)

// sshHost is an sshd of the test's own, to which this user may log in with a key.
type sshHost struct {
	dir  string
	port int
	user string
}

func newSSHHost(t *testing.T) *sshHost {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	h := &sshHost{dir: t.TempDir(), port: freePort(t), user: me.Username}
	for _, name := range []string{"host", "client"} {
		out, err := exec.CommandContext(t.Context(), program(t, "ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(h.dir, name)).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	pam := "yes"           // without it, sshd wants to read what only root may: is the account locked?
	if os.Geteuid() == 0 { // it gives up its rights there, and only init scripts make the directory
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil { //nolint:gosec // sshd wants it so
			t.Fatal(err)
		}
		pam = "no"
	}
	config := fmt.Sprintf(`ListenAddress 127.0.0.1:%d
HostKey %[2]s/host
AuthorizedKeysFile %[2]s/client.pub
PidFile none
StrictModes no
UsePAM %[3]s
PermitRootLogin prohibit-password
PasswordAuthentication no
AllowTcpForwarding yes
`, h.port, h.dir, pam)
	if err := os.WriteFile(filepath.Join(h.dir, "sshd_config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, h.port, "sshd", "-D", "-e", "-f", filepath.Join(h.dir, "sshd_config"))
	return h
}

// tunnel is `ssh -L` from a port of this machine to an address behind the host.
func (h *sshHost) tunnel(t *testing.T, port int, addr string) *process {
	t.Helper()
	return start(t, port, "ssh", "-N", "-F", "none", "-i", filepath.Join(h.dir, "client"), "-p", strconv.Itoa(h.port),
		"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
		"-o", "ExitOnForwardFailure=yes", "-L", fmt.Sprintf("127.0.0.1:%d:%s", port, addr), h.user+"@127.0.0.1")
}

// A tunnel through a real sshd is cut in the middle and comes back: every frame
// arrives, in order, and what came twice was in flight.
func TestFramesArriveThroughAnSSHTunnelThatIsCut(t *testing.T) {
	for _, tcp := range []bool{false, true} {
		t.Run(map[bool]string{false: "websocket", true: "tcp"}[tcp], func(t *testing.T) {
			t.Parallel()
			r := newSocketRig(t, kismettest.Config{}, tcp)
			host, port := newSSHHost(t), freePort(t)
			behind := net.JoinHostPort("127.0.0.1", strconv.Itoa(r.dialer.Server.Port))
			r.dialer.Server.Port = port
			ssh := host.tunnel(t, port, behind)

			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			lost := make(chan []error, 1)
			go func() { lost <- r.linksNamed(ctx) }()
			const each = 1500
			arrives := func(n int) {
				t.Helper()
				err := r.srv.Wait(ctx, func(s *kismettest.Server) bool { got, _ := r.arrived(); return len(got) >= n })
				if err != nil {
					t.Fatalf("%v: %+v", err, r.session.Log.Stats())
				}
			}
			r.capture(each)
			arrives(each / 2)
			ssh.kill()
			r.capture(each)
			ssh = host.tunnel(t, port, behind)
			arrives(2 * each)
			r.capture(each)
			r.session.Log.Close()
			ends := <-lost
			got, twice := r.arrived()
			if diff := cmp.Diff(upTo(3*each), got); diff != "" || twice > each {
				t.Errorf("%d frames twice; frames (-want +got):\n%s", twice, diff)
			}
			if len(ends) == 0 || len(ends) > 10 {
				t.Errorf("the link was lost %d times: %v", len(ends), ends)
			}
			ssh.stop()
		})
	}
}

// An ssh that runs and has nothing behind it accepts connections and ends them
// at once, as it does while Kismet restarts. That is no reason to give up.
func TestTunnelWithoutAServerIsNamed(t *testing.T) {
	host, port := newSSHHost(t), freePort(t)
	host.tunnel(t, port, net.JoinHostPort("127.0.0.1", strconv.Itoa(freePort(t))))
	d := &uplink.Dialer{Server: uplink.Server{Host: "127.0.0.1", Port: port, Path: kismettest.EndpointPath, APIKey: apiKey}}
	err := d.Probe(t.Context())
	if err == nil || !strings.Contains(err.Error(), "ended the connection without an HTTP answer") {
		t.Errorf("got %v", err)
	}
}

// linksNamed runs links until the log is confirmed, and returns why they ended.
func (r *rig) linksNamed(ctx context.Context) (ends []error) {
	servers := uplink.NewFailover(1)
	for ctx.Err() == nil {
		err := r.link(ctx)
		if err == nil {
			break
		}
		ends = append(ends, err)
		elapse(servers.Failed(err, time.Now()))
	}
	return ends
}
