package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/rest"
)

// copies tells of each of the first server's own copies of the position whether
// it is there; the others have none. Whether the login may keep it fresh is found out by doing it only.
func (c *gpsCheck) copies(ctx context.Context, cfg configs.Config) {
	names := metaNames(cfg.Sources)
	if len(cfg.GPS.Receivers) == 0 || len(names) == 0 || len(cfg.Servers) == 0 || cfg.Servers[0].REST.URL == "" {
		return
	}
	first := cfg.Servers[0]
	c.about = "server " + first.Name
	c.copiesOf(ctx, first, names, cfg.GPS.MetaGPS.Create)
}

func (c *gpsCheck) copiesOf(ctx context.Context, server configs.Server, names []string, create bool) {
	client, err := restClient(server)
	if err != nil {
		c.step("metagps", 0, "", err)
		return
	}
	defer client.Close()
	for _, name := range names {
		began := time.Now()
		there, err := client.MetaGPS(ctx, name)
		took := time.Since(began)
		switch {
		case err != nil:
			c.step("metagps", took, "", err)
		case there:
			c.step("metagps", took, name+": "+server.REST.URL+" has it; to keep it fresh takes the role "+rest.RoleWebGPS, nil)
		case create:
			c.warn("metagps", took, "", name+": "+server.REST.URL+" has none; sensord will create it, which takes the role "+rest.RoleAdmin,
				"or create it there: gps=meta:name="+name+",dataonly=true")
		default:
			c.step("metagps", took, "", fault.New(fault.MetaGPSAbsent, "metagps "+name, errNoCopy))
		}
	}
}

var errNoCopy = errors.New("the server has none of this name, and the configuration says not to create it")

// metaNames are the names in the metagps= of sources, each once.
func metaNames(sources []configs.Source) []string {
	var names []string
	for _, s := range sources {
		if name, _ := s.Definition.Get("metagps"); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// restClient asks a server's REST on the way that links take.
func restClient(server configs.Server) (*rest.Client, error) {
	d, err := actors.NewDialer(server, versionText())
	if err != nil {
		return nil, err
	}
	secure := &tls.Config{MinVersion: tls.VersionTLS12}
	if d.Server.TLS != nil {
		secure = d.Server.TLS.Clone() // and with it the certificate that this machine shows
	} else if server.CAFile != "" {
		pem, err := os.ReadFile(server.CAFile)
		if err != nil {
			return nil, fault.New(fault.ConfigInvalid, "file "+server.CAFile, innermost(err))
		}
		secure.RootCAs = x509.NewCertPool()
		secure.RootCAs.AppendCertsFromPEM(pem) // the configuration has looked whether it holds any
	}
	secure.ServerName = server.REST.ServerName
	return rest.New(rest.Options{
		Name: server.Name, URL: server.REST.URL, User: server.REST.User, Password: server.REST.Password.Reveal(),
		APIKey: server.REST.APIKey.Reveal(), TLS: secure, UserAgent: d.UserAgent, NetDial: d.DialContext,
	})
}
