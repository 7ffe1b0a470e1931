//go:build !lite

package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/configs"
)

// hubFlags say which hub is meant, and how it runs.
type hubFlags struct {
	values
	dir       string
	fleet     string
	listen    string
	leaf      string
	name      string
	storeSize string
	cert      string
	key       string
	clientCA  string
}

const defaultFleet = "fleet"

func newHubCommand(a *app) *cobra.Command {
	var v hubFlags
	cmd := &cobra.Command{
		Use:     "hub [flags]",
		Short:   "Be the place where the rigs of a fleet meet",
		Long:    hubLong,
		Example: hubExample,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usageError(args[0], "write `sensord hub rig "+args[0]+"`, if it is a rig", "hub has no such command")
		},
		RunE: func(*cobra.Command, []string) error { return a.hub(&v) },
	}
	fs := cmd.Flags()
	v.state(cmd)
	group(fs, groupOurs, func() {
		fs.StringVar(&v.listen, "listen", ":4222", "`[HOST]:PORT` for clients: rigs with bus: nats://..., sensord fleet, nats (default :4222)")
		fs.StringVar(&v.leaf, "leaf", ":7422", "`[HOST]:PORT` for rigs with bus: {mode: leaf} (default :7422)")
		fs.StringVar(&v.name, "name", "", "the hub's `NAME`, for the log (default hub)")
		fs.StringVar(&v.storeSize, "store-size", "", "keep at most `SIZE` of a fleet on disk, as 500MiB (default 1GiB)")
		fs.StringVar(&v.cert, "tls-cert", "", "speak TLS on both ports, with this certificate, a PEM `FILE`")
		fs.StringVar(&v.key, "tls-key", "", "the key of --tls-cert, a PEM `FILE`")
		fs.StringVar(&v.clientCA, "tls-client-ca", "", "let in only who shows a certificate of this authority, a PEM `FILE`")
	})
	v.log(fs)
	cmd.AddCommand(newHubRigCommand(a), newHubRevokeCommand(a), newHubListCommand(a))
	return cmd
}

// state defines the flags that say which hub is meant.
func (v *hubFlags) state(cmd *cobra.Command) {
	fs := cmd.Flags()
	group(fs, groupOurs, func() {
		fs.StringVar(&v.dir, "state", "", "the hub's `DIR`: its keys, and what it keeps (default hub in $STATE_DIRECTORY, /var/lib/sensord for root, $XDG_STATE_HOME/sensord)")
		fs.StringVar(&v.fleet, "fleet", defaultFleet, "`NAME` of the fleet: rigs hear those of theirs, and no others (default "+defaultFleet+")")
	})
}

const hubLong = `Be the place where the rigs of a fleet meet: a NATS server with a port for clients and one for the servers of rigs
(leaves), which keeps the last status of each rig, their claims, and for a week what they kept while the link was
away. It lets in who has credentials that it issued, which allow a rig to speak for itself and to hear its fleet.
What to write into the configuration of a rig is printed as it starts. Its directory holds the keys: keep a copy of
it in a safe place, and let nobody read it.`

const hubExample = `  # once: credentials for two rigs, and for a person who only looks
  sensord hub rig roof
  sensord hub rig rover-1 --expires 720h
  sensord hub rig anna --watch

  # the hub; rigs and people may come and go
  sensord hub --tls-cert hub.pem --tls-key hub.key

  # a rig was stolen
  sensord hub revoke rover-1`

func (a *app) hub(v *hubFlags) error {
	o, err := a.hubOptions(v)
	if err != nil {
		return err
	}
	var c configs.Config
	if c.Log, err = v.logging(); err != nil {
		return err
	}
	o.Log = newLogger(c.Log, a.errs)
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	h, err := bus.StartHub(ctx, o)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer h.Close()
	if o.TLS == nil && (!loopback(h.ClientAddr()) || !loopback(h.LeafAddr())) {
		_, _ = fmt.Fprint(a.errs, "sensord: warning: hub: it speaks without TLS, and not only to this machine: others may read along\n"+
			"  name a certificate with --tls-cert and --tls-key, or listen on 127.0.0.1 behind a tunnel\n")
	}
	if err := h.Store().Err; err != nil {
		_, _ = fmt.Fprint(a.errs, errorText(err))
	}
	if _, err := fmt.Fprint(a.out, hubText(h.ClientAddr(), h.LeafAddr(), o, machineAddress())); err != nil {
		return err
	}
	<-ctx.Done()
	o.Log.Info("hub ends")
	return nil
}

// logging settles the log's level and form.
func (v *hubFlags) logging() (configs.Log, error) {
	var l configs.Log
	if err := l.Level.UnmarshalText([]byte(cmp.Or(v.LogLevel, "info"))); err != nil {
		return l, usageError("--log-level", "write debug, info, warn or error", "there is no level %q", v.LogLevel)
	}
	l.Format = configs.LogFormat(cmp.Or(v.LogFormat, string(configs.LogAuto)))
	switch l.Format {
	case configs.LogText, configs.LogJSON, configs.LogAuto:
		return l, nil
	}
	return l, usageError("--log-format", "write text, json or auto", "there is no form %q", v.LogFormat)
}

func (a *app) hubOptions(v *hubFlags) (bus.HubOptions, error) {
	o := bus.HubOptions{Name: v.name, Listen: v.listen, LeafListen: v.leaf, Fleets: []string{v.fleet}}
	var err error
	if o.StateDir, err = a.hubDir(v); err != nil {
		return o, err
	}
	if err := checkName("--fleet", v.fleet); err != nil {
		return o, err
	}
	if v.name != "" {
		if err := checkName("--name", v.name); err != nil {
			return o, err
		}
	}
	if v.storeSize != "" {
		if o.StoreBytes, err = configs.ParseSize(v.storeSize); err != nil {
			return o, usageError("--store-size", "write a size as 500MiB", "%v", err)
		}
		if o.StoreBytes < leastHubStore {
			return o, usageError("--store-size", "write a size from "+configs.FormatSize(leastHubStore)+" up", "%q is too little", v.storeSize)
		}
	}
	for flag, addr := range map[string]string{"--listen": v.listen, "--leaf": v.leaf} {
		if err := checkListen(flag, addr); err != nil {
			return o, err
		}
	}
	if _, port, _ := net.SplitHostPort(v.leaf); v.leaf == v.listen && port != "0" {
		return o, usageError("--leaf "+v.leaf, "name another port", "it is that of --listen")
	}
	o.TLS, err = v.tls()
	return o, err
}

const leastHubStore = 16 << 20

// tls returns nil where no certificate is named.
func (v *hubFlags) tls() (*tls.Config, error) {
	switch {
	case v.cert == "" && v.key == "" && v.clientCA == "":
		return nil, nil //nolint:nilnil // there is none, and that is no error
	case v.cert == "":
		return nil, usageError("--tls-cert", "name both --tls-cert and --tls-key", "there is no certificate to show")
	case v.key == "":
		return nil, usageError("--tls-key", "name the key of --tls-cert", "there is no key")
	}
	pair, err := tls.LoadX509KeyPair(v.cert, v.key)
	if err != nil {
		return nil, usageError("--tls-cert "+v.cert, "name a certificate and its key, both in PEM", "%w", err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if v.clientCA == "" {
		return c, nil
	}
	pem, err := os.ReadFile(v.clientCA)
	if err != nil {
		return nil, usageError("--tls-client-ca", "name a file in PEM", "%w", err)
	}
	c.ClientCAs, c.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
	if !c.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, usageError("--tls-client-ca "+v.clientCA, "name a file in PEM", "it holds no certificate")
	}
	return c, nil
}

// hubDir returns where the hub keeps what it has.
func (a *app) hubDir(v *hubFlags) (string, error) {
	if v.dir != "" {
		return filepath.Abs(v.dir)
	}
	loaded, err := configs.Positions("", a.environ, configs.Flags{})
	if err != nil {
		return "", err
	}
	if loaded.Config.StateDir == "" {
		return "", usageError("--state", "name a directory with --state", "there is none in its usual place")
	}
	return filepath.Join(loaded.Config.StateDir, "hub"), nil
}

func checkName(object, name string) error {
	err := bus.CheckToken("", name)
	if err == nil {
		return nil
	}
	advice := "use letters, digits, - and _, at most 64"
	if token := bus.Token(name); token != "" {
		advice += ", as in " + token
	}
	return usageError(object, advice, "%s", strings.TrimSpace(err.Error()))
}
