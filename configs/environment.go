package configs

import (
	"strings"
)

const environmentPrefix = "SENSORD_"

// environmentVariables are the settings that the environment can give. A variable
// that is empty counts as not given.
var environmentVariables = [...]struct {
	name  string
	field func(*draft) *text
}{
	{"SENSORD_RIG", func(d *draft) *text { return &d.rig }},
	{"SENSORD_URL", func(d *draft) *text { return &d.server.url }},
	{"SENSORD_PROTOCOL", func(d *draft) *text { return &d.server.protocol }},
	{"SENSORD_USER", func(d *draft) *text { return &d.server.user }},
	{"SENSORD_PASSWORD", func(d *draft) *text { return &d.server.password }},
	{"SENSORD_PASSWORD_FILE", func(d *draft) *text { return &d.server.passwordFile }},
	{"SENSORD_APIKEY", func(d *draft) *text { return &d.server.apikey }},
	{"SENSORD_APIKEY_FILE", func(d *draft) *text { return &d.server.apikeyFile }},
	{"SENSORD_TLS_CA", func(d *draft) *text { return &d.server.ca }},
	{"SENSORD_REST_URL", func(d *draft) *text { return &d.server.rest.url }},
	{"SENSORD_REST_USER", func(d *draft) *text { return &d.server.rest.user }},
	{"SENSORD_REST_PASSWORD", func(d *draft) *text { return &d.server.rest.password }},
	{"SENSORD_REST_PASSWORD_FILE", func(d *draft) *text { return &d.server.rest.passwordFile }},
	{"SENSORD_REST_APIKEY", func(d *draft) *text { return &d.server.rest.apikey }},
	{"SENSORD_REST_APIKEY_FILE", func(d *draft) *text { return &d.server.rest.apikeyFile }},
	{"SENSORD_WEB_LISTEN", func(d *draft) *text { return &d.web.listen }},
	{"SENSORD_WEB_TOKEN", func(d *draft) *text { return &d.web.token }},
	{"SENSORD_WEB_TOKEN_FILE", func(d *draft) *text { return &d.web.tokenFile }},
	{"SENSORD_STATE_DIR", func(d *draft) *text { return &d.stateDir }},
	{"SENSORD_SPOOL_MEMORY", func(d *draft) *text { return &d.memory }},
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
