package kismettest

import (
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// serverUUID is the server's own, in its status and announcements.
const serverUUID = "4B49534D-4554-0000-0000-000000000001"

// routes are the REST paths that a sensor uses, but those of meta GPS.
func routes() map[string]route {
	readonly := []string{RoleReadonly}
	return map[string]route{
		"/session/check_session":        {roles: []string{roleAny}, serve: serveOK},
		"/session/check_login":          {serve: serveOK},
		"/session/check_setup_ok":       {open: true, serve: serveOK},
		"/system/status.json":           {roles: readonly, serve: (*Server).serveStatus},
		"/system/timestamp.json":        {roles: readonly, serve: serveTimestamp},
		"/system/user_status.json":      {open: true, serve: serveUser},
		"/datasource/all_sources.json":  {roles: readonly, serve: (*Server).serveSources},
		"/datasource/types.json":        {roles: readonly, serve: (*Server).serveTypes},
		"/packetchain/packet_drop.json": {roles: readonly, serve: (*Server).serveDrops},
		"/gps/add_gps.cmd":              {methods: []string{http.MethodPost}, serve: (*Server).addGPS},
		"/gps/all_gps.json":             {roles: readonly, serve: (*Server).serveAllGPS},
	}
}

type object map[string]any

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	// A client that went away is no concern of the server.
	_ = json.NewEncoder(w).Encode(v)
}

func serveOK(_ *Server, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	_, _ = io.WriteString(w, "OK\n")
}

func (s *Server) serveStatus(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, object{
		"kismet.system.version":       s.cfg.Profile.release(),
		"kismet.system.git":           "b5d5a2d04",
		"kismet.system.server_name":   "kismettest",
		"kismet.system.timestamp.sec": time.Now().Unix(),
		"kismet.server.uuid":          serverUUID,
	})
}

func serveTimestamp(_ *Server, w http.ResponseWriter, _ *http.Request) {
	now := time.Now()
	writeJSON(w, object{
		"kismet.system.timestamp.sec":  now.Unix(),
		"kismet.system.timestamp.usec": now.Nanosecond() / 1000,
	})
}

func serveUser(_ *Server, w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, object{"kismet.system.user": "kismet"})
}

func (s *Server) serveTypes(w http.ResponseWriter, _ *http.Request) {
	list := []object{}
	for _, t := range s.cfg.Types {
		hops := 0
		if t == "linuxwifi" {
			hops = 1
		}
		list = append(list, object{
			"kismet.datasource.driver.type":           t,
			"kismet.datasource.driver.remote_capable": 1,
			"kismet.datasource.driver.tuning_capable": hops,
			"kismet.datasource.driver.hop_capable":    hops,
		})
	}
	writeJSON(w, list)
}

func (s *Server) serveSources(w http.ResponseWriter, _ *http.Request) {
	list := []object{}
	for _, src := range s.Sources() {
		if !src.Listed {
			continue
		}
		list = append(list, object{
			"kismet.datasource.uuid":               src.UUID,
			"kismet.datasource.name":               src.Name,
			"kismet.datasource.definition":         src.Definition,
			"kismet.datasource.interface":          src.Interface,
			"kismet.datasource.capture_interface":  src.CaptureInterface,
			"kismet.datasource.hardware":           src.Hardware,
			"kismet.datasource.running":            number(src.Running),
			"kismet.datasource.remote":             1,
			"kismet.datasource.paused":             0,
			"kismet.datasource.error":              number(src.Error != ""),
			"kismet.datasource.error_reason":       src.Error,
			"kismet.datasource.warning":            "",
			"kismet.datasource.num_packets":        src.Frames,
			"kismet.datasource.channel":            src.Channel,
			"kismet.datasource.channels":           src.Channels,
			"kismet.datasource.hopping":            number(src.Hopping),
			"kismet.datasource.hop_rate":           src.Hop.Rate,
			"kismet.datasource.hop_channels":       src.Hop.Channels,
			"kismet.datasource.hop_offset":         src.Hop.Offset,
			"kismet.datasource.hop_shuffle":        number(src.Hop.Shuffle),
			"kismet.datasource.hop_shuffle_skip":   src.Hop.Skip,
			"kismet.datasource.datasource_version": src.Program,
		})
	}
	writeJSON(w, list)
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}
