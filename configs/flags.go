package configs

import (
	"strings"
	"time"
)

// Flags is Kismet's command line, and what sensord adds to it, as plain
// values: a zero field was not given. The command line itself refuses flags
// that are given without a value.
type Flags struct {
	Connect        string   // --connect HOST[:PORT]
	Host           string   // --host, Kismet's undocumented synonym
	TCP            bool     // --tcp
	SSL            bool     // --ssl
	SSLCA          string   // --ssl=CA
	SSLCertificate string   // --ssl-certificate CA
	Endpoint       string   // --endpoint PATH
	User           string   // --user
	Password       Secret   // --password
	APIKey         Secret   // --apikey
	Sources        []string // --source DEFINITION, repeated
	SourceType     string   // when the name that the program was called by says it
	GPS            []string // --gps SPEC, repeated; each as Kismet's gps=
	FixedGPS       string   // --fixed-gps LAT,LON[,ALT]
	GPSName        string   // --gps-name NAME
	DisableRetry   bool     // --disable-retry

	Protocol    string        // --protocol auto|v3|v2
	Once        bool          // --once
	OnceTimeout time.Duration // --once-timeout
	LogLevel    string        // --log-level
	LogFormat   string        // --log-format
	StateDir    string        // --state-dir

	ClientCert   string   // --client-cert FILE; --ssl-cert would be short for --ssl-certificate, which is a CA
	ClientKey    string   // --client-key FILE
	Proxy        string   // --proxy URL|none
	Spool        string   // --spool DIR|off
	SpoolSize    string   // --spool-size SIZE
	Record       string   // --record DIR
	Zones        []string // --zone LAT,LON,RADIUS, repeated; beside those of a file
	StatusSocket string   // --status-socket PATH|off
	Bus          string   // --bus URL|embedded|off
	BusCreds     string   // --bus-creds FILE
	Fleet        string   // --fleet NAME
}

// flags lays the command line over the draft.
func (l *loader) flags(d *draft, f Flags) {
	s := d.first()
	for _, v := range []struct {
		value string
		flag  string
		into  *text
	}{
		{f.Host, "--host", &s.connect},
		{f.Connect, "--connect", &s.connect},
		{f.Endpoint, "--endpoint", &s.endpoint},
		{f.User, "--user", &s.user},
		{f.Password.Reveal(), "--password", &s.password},
		{f.APIKey.Reveal(), "--apikey", &s.apikey},
		{f.SSLCertificate, "--ssl-certificate", &s.ca},
		{f.SSLCA, "--ssl", &s.ca},
		{f.Protocol, "--protocol", &s.protocol},
		{f.LogLevel, "--log-level", &d.logLevel},
		{f.LogFormat, "--log-format", &d.logFormat},
		{f.StateDir, "--state-dir", &d.stateDir},
		{f.ClientCert, "--client-cert", &s.cert},
		{f.ClientKey, "--client-key", &s.key},
		{f.Proxy, "--proxy", &d.proxy.url},
		{f.Spool, "--spool", &d.spool.dir},
		{f.SpoolSize, "--spool-size", &d.spool.size},
		{f.Record, "--record", &d.record.dir},
		{f.StatusSocket, "--status-socket", &d.status},
		{f.Bus, "--bus", &d.bus.mode},
		{f.BusCreds, "--bus-creds", &d.bus.creds},
		{f.Fleet, "--fleet", &d.bus.fleet},
	} {
		if v.value != "" {
			v.into.over(v.value, fromFlag(v.flag))
		}
	}
	for _, v := range []struct {
		on   bool
		flag string
		into *Origin
	}{
		{f.TCP, "--tcp", &s.tcp},
		{f.SSL || f.SSLCA != "", "--ssl", &s.ssl},
		{f.DisableRetry, "--disable-retry", &d.noRetry},
		{f.Once, "--once", &d.once},
	} {
		if v.on {
			*v.into = fromFlag(v.flag)
		}
	}
	d.onceTimeout = f.OnceTimeout
	l.flagConflicts(f)
	l.flagPosition(d, f)
	l.flagZones(d, f)
	if len(f.Sources) > 0 {
		d.sources = nil
	}
	for _, definition := range f.Sources {
		from := fromFlag("--source")
		d.sources = append(d.sources, sourceDraft{from: from, definition: text{definition, from}, forced: f.SourceType})
	}
}

// flagConflicts notes flags that contradict each other.
func (l *loader) flagConflicts(f Flags) {
	if f.Host != "" && f.Connect != "" && f.Host != f.Connect {
		l.wrong(fromFlag("--host"), "", "give one of the two", "it is another word for --connect, which says %s", quote(f.Connect))
	}
	if f.SSLCA != "" && f.SSLCertificate != "" && f.SSLCA != f.SSLCertificate {
		l.wrong(fromFlag("--ssl-certificate"), "", "give one of the two", "--ssl names another CA file, %s", quote(f.SSLCA))
	}
	if f.Password != "" || f.APIKey != "" {
		flag, better := "--password", "SENSORD_PASSWORD, or password_file in a configuration"
		if f.Password == "" {
			flag, better = "--apikey", "SENSORD_APIKEY, or apikey_file in a configuration"
		}
		l.warn(fromFlag(flag), "", "use "+better, "every user of this machine could see the secret until sensord erased it from its command line")
	}
}

// flagPosition puts --gps and --fixed-gps in the place of the file's receivers.
func (l *loader) flagPosition(d *draft, f Flags) {
	if f.FixedGPS == "" && f.GPSName != "" {
		l.warn(fromFlag("--gps-name"), "", "add --fixed-gps LAT,LON", "it names the position of --fixed-gps, which is not given")
	}
	var receivers []receiverDraft
	for _, spec := range f.GPS {
		receivers = append(receivers, l.flagReceiver(spec))
	}
	if r, ok := l.flagFixed(f); ok {
		receivers = append(receivers, r)
	}
	if len(receivers) > 0 || f.FixedGPS != "" {
		d.gps.receivers = receivers
	}
}

// flagFixed reads --fixed-gps.
func (l *loader) flagFixed(f Flags) (receiverDraft, bool) {
	if f.FixedGPS == "" {
		return receiverDraft{}, false
	}
	from := fromFlag("--fixed-gps")
	parts := strings.Split(f.FixedGPS, ",")
	if len(parts) < 2 || len(parts) > 3 {
		l.wrong(from, "", "write LAT,LON or LAT,LON,ALT in degrees and metres, as in 52.5200,13.4050,34", "%s is no position", quote(f.FixedGPS))
		return receiverDraft{}, false
	}
	r := receiverDraft{from: from, kind: text{string(ReceiverFixed), from}, set: map[string]text{}}
	for i, key := range []string{"lat", "lon", "alt"}[:len(parts)] {
		r.set[key] = text{strings.TrimSpace(parts[i]), from}
	}
	if f.GPSName != "" {
		r.name.over(f.GPSName, fromFlag("--gps-name"))
	}
	return r, true
}
