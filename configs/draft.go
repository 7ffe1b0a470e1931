package configs

import "time"

// A text is one value as somebody wrote it, and where. The zero text was not
// written by anybody.
type text struct {
	value string
	from  Origin
}

func (t text) given() bool { return t.from.layer != layerDefault }

// over puts a value of a later place over one of an earlier place.
func (t *text) over(value string, from Origin) { *t = text{value: value, from: from} }

// A draft is a configuration as it was written, in any of the places: nothing
// in it is checked, and every value knows its origin.
type draft struct {
	rig       text
	servers   []serverDraft // as written; see first
	proxy     proxyDraft    // of every server
	sources   []sourceDraft
	gps       gpsDraft
	web       webDraft
	spool     spoolDraft
	replay    replayDraft
	record    recordDraft
	zones     []zoneDraft
	status    text
	bus       busDraft
	logLevel  text
	logFormat text
	stateDir  text

	once        Origin // of the switch; zero is off
	onceTimeout time.Duration
	noRetry     Origin
}

// serverDraft has the server's address in one of two forms: the url of a file
// or of the environment, or the flags of Kismet's command line.
type serverDraft struct {
	path string // as in servers[0]
	from Origin // where the server's entry begins
	name text
	url  text

	connect  text
	tcp, ssl Origin
	endpoint text

	protocol     text
	user         text
	password     text
	passwordFile text
	apikey       text
	apikeyFile   text

	tls        Origin // of the block or the switch
	ca         text
	serverName text
	cert, key  text

	proxy proxyDraft
	rest  restDraft
}

// first returns the server that the environment and the flags are about. There
// is one, be it of them alone.
func (d *draft) first() *serverDraft {
	if len(d.servers) == 0 {
		d.servers = []serverDraft{{path: "servers[0]"}}
	}
	return &d.servers[0]
}

// isFirst reports whether the environment and the flags are about the server.
func (d *serverDraft) isFirst() bool { return d.path == "servers[0]" }

// restDraft is what was written of a server's REST.
type restDraft struct {
	from         Origin // of the block
	url          text
	user         text
	password     text
	passwordFile text
	apikey       text
	apikeyFile   text
}

// sourceDraft is either a definition in one text or its parts.
type sourceDraft struct {
	path       string // as in sources[0]; empty for a flag
	from       Origin
	definition text
	iface      text
	name       text
	kind       text
	options    []optionDraft
	forced     string // the type, when the program's name says it

	hop           hopDraft
	ring          text
	filter        []text
	serverOptions text
}

// hopDraft is how a radio hops, as far as it was written.
type hopDraft struct {
	mode, rate, shuffle text
	channels            []text
}

type optionDraft struct {
	name  string
	value text
	from  Origin // of the name
}

// gpsDraft is what was written of the position.
type gpsDraft struct {
	mode, motion, predict, limit text
	receivers                    []receiverDraft
	metagps                      Origin // of the block
	rate, create                 text
}

// receiverDraft is a receiver as it was written, whatever its type has.
type receiverDraft struct {
	path string // as in gps.receivers[0]; empty for a flag
	spec string // the text of --gps; empty elsewhere
	from Origin
	kind text
	name text
	set  map[string]text // by the names of receiverKeys
	told bool            // what is missing was told already
}

// webDraft is what was written of the web side.
type webDraft struct {
	from             Origin // of the block
	listen, insecure text
	tls              Origin // of the block
	cert, key        text
	token, tokenFile text
}

// posted returns the first receiver that somebody posts positions to, or nil.
func (d *draft) posted() *receiverDraft {
	for i := range d.gps.receivers {
		r := &d.gps.receivers[i]
		if r.kind.value == string(ReceiverMeta) || r.kind.value == string(ReceiverWeb) {
			return r
		}
	}
	return nil
}

// serves reports whether the rig has to listen for HTTP.
func (d *draft) serves() bool {
	return d.web.listen.value != webOff && (d.posted() != nil || d.web.listen.given())
}
