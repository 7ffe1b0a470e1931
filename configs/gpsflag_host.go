package configs

import "strings"

// withoutLogin returns what of a --gps can be shown, and whether a login was
// left out: what stands in front of an at sign, except in a path or a name.
func withoutLogin(spec string) (shown string, login bool) {
	at := strings.LastIndexByte(spec, '@')
	if at < 0 || strings.HasPrefix(spec, "/") {
		return spec, false
	}
	option := ""
	begin := strings.IndexByte(spec[:at], ':') + 1
	if equals := strings.LastIndexByte(spec[begin:at], '='); equals >= 0 {
		before := spec[begin : begin+equals]
		option = strings.ToLower(strings.TrimSpace(before[strings.LastIndexAny(before, ",:")+1:]))
	}
	switch option {
	case "device", "file", "name":
		return spec, false
	case "host":
		begin += strings.LastIndexByte(spec[begin:at], '=') + 1
	}
	return spec[:begin] + hidden + spec[at:], true
}

const hidden = "…"

// gpsHost refuses a host that has its port behind a colon, and reports whether
// it is none. What has several colons is an IPv6 address, in brackets or not.
func (l *loader) gpsHost(r *receiverDraft, w *gpsWord, value string) bool {
	colon := strings.LastIndexByte(value, ':')
	if colon < 0 || strings.Count(value, ":") > 1 && !strings.HasSuffix(value[:colon], "]") {
		return true
	}
	host, port := value[:colon], value[colon+1:]
	right := "write host=" + host + ",port=" + port
	switch _, err := parsePort(port); {
	case err != nil: // it may be a password
		right = "write " + w.form
		r.spec = strings.ReplaceAll(r.spec, ":"+port, ":"+hidden)
	case port == "":
		right = "write host=" + host
	case host == "":
		right = "write port=" + port
	}
	l.wrongReceiver(r, r.from, "", right, "a host has no colon: the port is an option of its own")
	return false
}
