package configs

import (
	"strings"
)

const environmentPrefix = "SENSORD_"

// environmentVariables are the settings that the environment can give. A variable
// that is empty counts as not given. Those of a server are about the only or the
// first one, those of the proxy about every server.
var environmentVariables = [...]struct {
	name  string
	field func(*draft) *text
}{
	{"SENSORD_RIG", func(d *draft) *text { return &d.rig }},
	{"SENSORD_URL", func(d *draft) *text { return &d.first().url }},
	{"SENSORD_PROTOCOL", func(d *draft) *text { return &d.first().protocol }},
	{"SENSORD_USER", func(d *draft) *text { return &d.first().user }},
	{"SENSORD_PASSWORD", func(d *draft) *text { return &d.first().password }},
	{"SENSORD_PASSWORD_FILE", func(d *draft) *text { return &d.first().passwordFile }},
	{"SENSORD_APIKEY", func(d *draft) *text { return &d.first().apikey }},
	{"SENSORD_APIKEY_FILE", func(d *draft) *text { return &d.first().apikeyFile }},
	{"SENSORD_TLS_CA", func(d *draft) *text { return &d.first().ca }},
	{"SENSORD_TLS_CERT", func(d *draft) *text { return &d.first().cert }},
	{"SENSORD_TLS_KEY", func(d *draft) *text { return &d.first().key }},
	{"SENSORD_PROXY", func(d *draft) *text { return &d.proxy.url }},
	{"SENSORD_PROXY_USER", func(d *draft) *text { return &d.proxy.user }},
	{"SENSORD_PROXY_PASSWORD", func(d *draft) *text { return &d.proxy.password }},
	{"SENSORD_PROXY_PASSWORD_FILE", func(d *draft) *text { return &d.proxy.passwordFile }},
	{"SENSORD_REST_URL", func(d *draft) *text { return &d.first().rest.url }},
	{"SENSORD_REST_USER", func(d *draft) *text { return &d.first().rest.user }},
	{"SENSORD_REST_PASSWORD", func(d *draft) *text { return &d.first().rest.password }},
	{"SENSORD_REST_PASSWORD_FILE", func(d *draft) *text { return &d.first().rest.passwordFile }},
	{"SENSORD_REST_APIKEY", func(d *draft) *text { return &d.first().rest.apikey }},
	{"SENSORD_REST_APIKEY_FILE", func(d *draft) *text { return &d.first().rest.apikeyFile }},
	{"SENSORD_WEB_LISTEN", func(d *draft) *text { return &d.web.listen }},
	{"SENSORD_WEB_TOKEN", func(d *draft) *text { return &d.web.token }},
	{"SENSORD_WEB_TOKEN_FILE", func(d *draft) *text { return &d.web.tokenFile }},
	{"SENSORD_STATE_DIR", func(d *draft) *text { return &d.stateDir }},
	{"SENSORD_SPOOL_DIR", func(d *draft) *text { return &d.spool.dir }},
	{"SENSORD_SPOOL_SIZE", func(d *draft) *text { return &d.spool.size }},
	{"SENSORD_SPOOL_MEMORY", func(d *draft) *text { return &d.spool.memory }},
	{"SENSORD_REPLAY_RATE", func(d *draft) *text { return &d.replay.rate }},
	{"SENSORD_REPLAY_BYTES", func(d *draft) *text { return &d.replay.bytes }},
	{"SENSORD_RECORD_DIR", func(d *draft) *text { return &d.record.dir }},
	{"SENSORD_STATUS_SOCKET", func(d *draft) *text { return &d.status }},
	{"SENSORD_BUS", func(d *draft) *text { return &d.bus.mode }},
	{"SENSORD_BUS_FLEET", func(d *draft) *text { return &d.bus.fleet }},
	{"SENSORD_BUS_CREDS", func(d *draft) *text { return &d.bus.creds }},
	{"SENSORD_BUS_USER", func(d *draft) *text { return &d.bus.user }},
	{"SENSORD_BUS_PASSWORD", func(d *draft) *text { return &d.bus.password }},
	{"SENSORD_BUS_PASSWORD_FILE", func(d *draft) *text { return &d.bus.passwordFile }},
	{"SENSORD_BUS_TLS_CA", func(d *draft) *text { return &d.bus.ca }},
	{"SENSORD_LOG_LEVEL", func(d *draft) *text { return &d.logLevel }},
	{"SENSORD_LOG_FORMAT", func(d *draft) *text { return &d.logFormat }},
}

// EnvironmentVariables returns the names of the variables that Load reads.
func EnvironmentVariables() []string {
	names := make([]string, len(environmentVariables))
	for i, v := range environmentVariables {
		names[i] = v.name
	}
	return names
}

// environment lays the environment over the draft.
func (l *loader) environment(d *draft, environ []string) {
	for _, entry := range environ {
		name, value, ok := strings.Cut(entry, "=")
		if !ok || !strings.HasPrefix(name, environmentPrefix) {
			continue
		}
		known := false
		for _, v := range environmentVariables {
			if v.name != name {
				continue
			}
			known = true
			if value != "" {
				v.field(d).over(value, fromVariable(name))
			}
		}
		if known {
			continue
		}
		right := "the names are " + strings.Join(EnvironmentVariables(), ", ")
		if near := Nearest(name, EnvironmentVariables()); near != "" {
			right = "did you mean " + near + "?"
		}
		l.warn(fromVariable(name), "", right, "nothing reads this environment variable")
	}
}
