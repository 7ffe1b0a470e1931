package kismettest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// RoleWebGPS is the role of API keys that may update a meta GPS, and nothing
// else.
const RoleWebGPS = "WEBGPS"

// maxUpdates bounds what is kept of a meta GPS.
const maxUpdates = 100_000

// A MetaUpdate is a position as it was posted to a meta GPS.
type MetaUpdate struct {
	At                 time.Time // when it arrived
	Lat, Lon, Alt, Spd float64   // degrees, metres, km/h; 0 if not given
}

// A metaGPS is a position that others post. It is never forgotten, as its
// position is not. Guarded by Server.mu.
type metaGPS struct {
	name       string
	definition string
	dataOnly   bool
	updates    []MetaUpdate // the first
	last       MetaUpdate
}

// AddMetaGPS makes a meta GPS of that name, as gps=meta:name=NAME,dataonly=true
// in Kismet's configuration does, if there is none.
func (s *Server) AddMetaGPS(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.meta(name) == nil {
		s.addMeta(name, "meta:name="+name+",dataonly=true", true)
	}
}

// ForgetMetaGPS takes away all meta GPS, as the end of the server does.
func (s *Server) ForgetMetaGPS() {
	s.mu.Lock()
	s.metas = nil
	s.mu.Unlock()
}

// MetaGPS returns the definition of the meta GPS of that name: what was given
// to add_gps.cmd, or what a source's metagps= amounts to.
func (s *Server) MetaGPS(name string) (definition string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.meta(name); m != nil {
		return m.definition, true
	}
	return "", false
}

// MetaUpdates returns what was posted to the meta GPS of that name, in order,
// the first 100 000.
func (s *Server) MetaUpdates(name string) []MetaUpdate {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.meta(name); m != nil {
		return slices.Clone(m.updates)
	}
	return nil
}

// meta returns the meta GPS of that name, or nil. The server must be locked.
func (s *Server) meta(name string) *metaGPS {
	for _, m := range s.metas {
		if m.name == name {
			return m
		}
	}
	return nil
}

// addMeta makes a meta GPS; a number behind its name tells it from others that
// have this name already. The server must be locked.
func (s *Server) addMeta(name, definition string, dataOnly bool) *metaGPS {
	m := &metaGPS{name: name, definition: definition, dataOnly: dataOnly}
	for i := 1; s.meta(m.name) != nil; i++ {
		m.name = name + strconv.Itoa(i)
	}
	s.metas = append(s.metas, m)
	s.notify()
	return m
}

// metaRoute returns the route of a meta GPS's updates. There is one per meta
// GPS, so an unknown name is an unknown path.
func (s *Server) metaRoute(path string) (route, bool) {
	rest, ok := strings.CutPrefix(path, "/gps/meta/")
	name, isUpdate := strings.CutSuffix(rest, "/update.cmd")
	s.mu.Lock()
	defer s.mu.Unlock()
	if !ok || !isUpdate || s.meta(name) == nil {
		return route{}, false
	}
	return route{
		methods: []string{http.MethodPost},
		roles:   []string{RoleWebGPS},
		serve:   func(s *Server, w http.ResponseWriter, r *http.Request) { s.updateMeta(w, r, name) },
	}, true
}

// updateMeta takes a position.
func (s *Server) updateMeta(w http.ResponseWriter, r *http.Request, name string) {
	body := readObject(r)
	u := MetaUpdate{At: time.Now()}
	for _, f := range []struct {
		key string
		to  *float64
	}{{"lat", &u.Lat}, {"lon", &u.Lon}, {"alt", &u.Alt}, {"spd", &u.Spd}} {
		if err := value(body, f.key, f.to, false); err != nil {
			fail(w, err)
			return
		}
	}
	s.mu.Lock()
	m := s.meta(name)
	m.last = u
	if len(m.updates) < maxUpdates {
		m.updates = append(m.updates, u)
	}
	s.notify()
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, "Updated\n")
}

// addGPS makes a GPS of a definition. Only meta GPS are known here.
func (s *Server) addGPS(w http.ResponseWriter, r *http.Request) {
	var definition string
	if err := value(readObject(r), "definition", &definition, true); err != nil {
		fail(w, err)
		return
	}
	kind, options := parseDefinition(definition)
	if kind != "meta" {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, "{}")
		return
	}
	name := options["name"]
	if name == "" {
		name = "meta"
	}
	s.mu.Lock()
	m := s.addMeta(name, definition, optionBool(options["dataonly"], false))
	out := m.object()
	s.mu.Unlock()
	writeJSON(w, out)
}

func (s *Server) serveAllGPS(w http.ResponseWriter, _ *http.Request) {
	list := []object{}
	s.mu.Lock()
	for _, m := range s.metas {
		list = append(list, m.object())
	}
	s.mu.Unlock()
	writeJSON(w, list)
}

// object is how the server shows a meta GPS.
func (m *metaGPS) object() object {
	location := object{"kismet.common.location.geopoint": []float64{m.last.Lon, m.last.Lat}}
	seen := int64(0)
	if !m.last.At.IsZero() {
		seen = m.last.At.Unix()
		location["kismet.common.location.alt"] = m.last.Alt
		location["kismet.common.location.speed"] = m.last.Spd
		location["kismet.common.location.fix"] = 2 + number(m.last.Alt != 0)
		location["kismet.common.location.time_sec"] = seen
		location["kismet.common.location.time_usec"] = m.last.At.Nanosecond() / 1000
	}
	return object{
		"kismet.gps.name":        m.name,
		"kismet.gps.description": "meta gps",
		"kismet.gps.definition":  m.definition,
		"kismet.gps.connected":   1,
		"kismet.gps.priority":    0,
		"kismet.gps.data_only":   number(m.dataOnly),
		"kismet.gps.data_time":   seen,
		"kismet.gps.signal_time": seen,
		"kismet.gps.location":    location,
	}
}

// maxBody bounds what is read of a request.
const maxBody = 1 << 20

// readObject reads a command: the body, or a form's field json. nil stands for
// what is no JSON object.
func readObject(r *http.Request) map[string]any {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return nil
	}
	// An unreadable type is no type at all.
	switch kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind {
	case "application/json":
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil || len(form["json"]) == 0 {
			return nil
		}
		body = []byte(form.Get("json"))
	default:
		return nil
	}
	var fields map[string]any
	if json.Unmarshal(body, &fields) != nil {
		return nil
	}
	return fields
}

var errNoObject = errors.New("no JSON object")

// value reads a field of a command. One that is absent leaves *to as it is,
// unless it must be there.
func value[T any](fields map[string]any, name string, to *T, must bool) error {
	if fields == nil {
		return errNoObject
	}
	v, ok := fields[name]
	if !ok && !must {
		return nil
	}
	t, ok := v.(T)
	if !ok {
		return fmt.Errorf("%s must be a %T, but is a %T", name, *to, v)
	}
	*to = t
	return nil
}

// fail answers as Kismet does when a command makes no sense to it.
func fail(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = io.WriteString(w, "ERROR: "+err.Error()+"\n")
}
