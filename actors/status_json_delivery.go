package actors

import (
	"crypto/tls"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/web"
)

// reportDelivery adds where frames go: servers, disk, files.
func (s *shared) reportDelivery(report *web.Status, _ *Status) {
	for _, server := range s.cfg.Servers {
		e := web.Endpoint{Name: server.Name, Address: addressOf(server)}
		for _, src := range report.Sources {
			if src.Link.Server == e.Address && src.Link.State == LinkStreaming.String() {
				e.Links++
			}
		}
		report.Servers = append(report.Servers, e)
	}
	if len(s.cfg.Servers) == 0 {
		for i := range report.Sources {
			report.Sources[i].Link = web.Link{State: "none"}
		}
	}
}

// addressOf is a server's address as links tell it.
func addressOf(c configs.Server) string {
	s := uplink.Server{Host: c.Host, Port: c.Port, Path: c.Path, TCP: c.Transport == configs.TransportTCP}
	if c.TLS {
		s.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return s.URL()
}
