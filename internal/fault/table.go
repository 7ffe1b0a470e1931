package fault

import (
	"maps"
	"slices"
)

// Exit statuses of the sensord command. They are stable.
const (
	ExitOK         = 0
	ExitFailed     = 1 // failed while running
	ExitUsage      = 2 // usage or configuration
	ExitIncomplete = 3 // something dropped or unconfirmed
	ExitConnect    = 4 // cannot connect, proxy or TLS
	ExitLogin      = 5 // login or role
	ExitRejected   = 6 // the server rejected the source or speaks something else
	ExitRadio      = 7 // radio, GPS device, capture file or permission
)

// The codes, by place.
const (
	ConfigInvalid Code = "config.invalid" // a file, flag or environment value that cannot be
	ConfigSource  Code = "config.source"  // a source definition that cannot be

	LinkResolve     Code = "link.resolve"     // the server's name has no address
	LinkRefused     Code = "link.refused"     // nobody listens there
	LinkTimeout     Code = "link.timeout"     // no answer in time
	LinkUnreachable Code = "link.unreachable" // no route, network down
	LinkTLS         Code = "link.tls"         // certificate, name, or no TLS there
	LinkPlain       Code = "link.plain"       // plain HTTP sent to a TLS port
	LinkAuth        Code = "link.auth"        // login missing, wrong, or without the role
	LinkEndpoint    Code = "link.endpoint"    // 404: wrong path or prefix
	LinkNotKismet   Code = "link.not-kismet"  // a web server, but no Kismet
	LinkProtocol    Code = "link.protocol"    // the other protocol generation
	LinkRejected    Code = "link.rejected"    // ended right after NEWSOURCE
	LinkLost        Code = "link.lost"        // was up, and ended
	LinkSilent      Code = "link.silent"      // our PING was not answered in time
	LinkProxy       Code = "link.proxy"       // the proxy on the way cannot be reached, or refuses
	LinkReplaced    Code = "link.replaced"    // the server took another sensor's source in place of ours

	SourceMissing    Code = "source.missing"     // no such file or interface
	SourceUnreadable Code = "source.unreadable"  // permission, or no regular file
	SourceCorrupt    Code = "source.corrupt"     // damaged or truncated; what was readable was sent
	SourceType       Code = "source.unsupported" // a source type that this version does not capture

	RadioMissing     Code = "radio.missing"     // no such interface, or no radio; waited for
	RadioPermission  Code = "radio.permission"  // a capability is missing
	RadioUnsupported Code = "radio.unsupported" // the driver has no monitor mode, or none that captures
	RadioBlocked     Code = "radio.blocked"     // rfkill
	RadioBusy        Code = "radio.busy"        // another interface of the same radio is up
	RadioGone        Code = "radio.gone"        // unplugged while capturing
	RadioDown        Code = "radio.down"        // somebody set the interface down
	RadioMode        Code = "radio.mode"        // somebody took the interface out of monitor mode
	RadioChannel     Code = "radio.channel"     // the kernel refuses this channel
	RadioDriver      Code = "radio.driver"      // the driver or its firmware does not do as told

	GPSMissing    Code = "gps.missing"    // no such device; waited for
	GPSPermission Code = "gps.permission" // the device may not be opened
	GPSBusy       Code = "gps.busy"       // another program has the device, or the port to listen on
	GPSRefused    Code = "gps.refused"    // gpsd or the feed cannot be reached
	GPSLost       Code = "gps.lost"       // the connection or the device was there, and went
	GPSSilent     Code = "gps.silent"     // nothing comes
	GPSGarbled    Code = "gps.garbled"    // what comes is not what was expected: baud rate, protocol
	GPSDevice     Code = "gps.device"     // gpsd has no device, or says that it fails
	GPSFile       Code = "gps.file"       // a log that cannot be replayed
	GPSSearching  Code = "gps.searching"  // a receiver without a fix
	GPSStale      Code = "gps.stale"      // there was a fix, and it is too old

	WebListen Code = "web.listen" // the address cannot be listened on
	WebToken  Code = "web.token"  // the token cannot be read or kept

	RESTRefused   Code = "rest.refused"   // the server's REST cannot be reached, or answers what it should not
	RESTRole      Code = "rest.role"      // the login has not the role for it
	MetaGPSAbsent Code = "metagps.absent" // the server has no meta GPS of that name, and it may not be created

	DiskFull     Code = "disk.full"     // no space left where frames are to be kept or written
	DiskFailed   Code = "disk.failed"   // the disk, or the directory on it, does not do as told
	SpoolLocked  Code = "spool.locked"  // another process has the source's spool
	SpoolDamaged Code = "spool.damaged" // records that cannot be read any more
	SpoolVersion Code = "spool.version" // written by a later version
	SpoolAbsent  Code = "spool.absent"  // there is no spool, or no such source in it
	SpoolClock   Code = "spool.clock"   // kept frames wait until the time is known

	ServerDrops  Code = "server.drops"  // the server says that it drops what it has no time for
	ServerClock  Code = "server.clock"  // its clock differs from ours
	StatusAbsent Code = "status.absent" // no sensord runs here that could be asked

	BusRefused  Code = "bus.refused"  // the bus cannot be reached, or does not answer
	BusAuth     Code = "bus.auth"     // it does not take the credentials, or there are none
	BusTLS      Code = "bus.tls"      // certificate, name, or no TLS there
	BusDenied   Code = "bus.denied"   // the credentials are for another rig or fleet
	BusListen   Code = "bus.listen"   // the address cannot be listened on
	BusStore    Code = "bus.store"    // what is published cannot be kept: full, corrupt, or another process has it
	BusNoStore  Code = "bus.no-store" // the bus has no JetStream: nothing is kept there, and no claims
	BusMessage  Code = "bus.message"  // a message that makes no sense, or is too large
	BusFlood    Code = "bus.flood"    // more messages come than are taken
	BusLite     Code = "bus.lite"     // this build has no server of its own
	BusClaimed  Code = "bus.claimed"  // another rig has a source of the same UUID
	BusReplaced Code = "bus.replaced" // another rig of the fleet has this one's name
	BusUntimely Code = "bus.untimely" // the other rig's clock is off, or its messages are late

	ExportFormat Code = "export.format" // nothing that can be read, or written so

	LogFull    Code = "log.full"   // frames were dropped because the frame log was full
	Incomplete Code = "incomplete" // ended with frames not confirmed by the server
	Internal   Code = "internal"   // a bug of ours
)

type entry struct {
	remedy string
	exit   int
}

var table = map[Code]entry{
	ConfigInvalid: {"correct the configuration; `sensord check --config FILE` lists every mistake at once", ExitUsage},
	ConfigSource:  {"a source is written interface-or-file:option=value,option=value; see `sensord help sources`", ExitUsage},

	LinkResolve:     {"check the host name, or give the address", ExitConnect},
	LinkRefused:     {"start Kismet there, or check host and port (websocket 2501, --tcp 3501)", ExitConnect},
	LinkTimeout:     {"check the address and any firewall between here and there", ExitConnect},
	LinkUnreachable: {"check this machine's network", ExitConnect},
	LinkTLS:         {"check the certificate, or name its CA with --ssl=CA.pem", ExitConnect},
	LinkPlain:       {"add --ssl (or use wss:// in the configuration)", ExitConnect},
	LinkAuth:        {"give --user and --password, or an --apikey with the role datasource", ExitLogin},
	LinkEndpoint:    {"check --endpoint; Kismet's is /datasource/remote/remotesource.ws, behind the proxy's prefix if there is one", ExitConnect},
	LinkNotKismet:   {"check host and port: the server there is not Kismet", ExitConnect},
	LinkProtocol:    {"use --protocol auto", ExitRejected},
	LinkRejected:    {"look into Kismet's own log for the reason: an unknown source type, or a UUID that another source has", ExitRejected},
	LinkLost:        {"sensord reconnects by itself and loses nothing, unless --disable-retry keeps it from that", ExitFailed},
	LinkProxy:       {"check the proxy's address and login: proxy: of the server, or HTTP_PROXY, HTTPS_PROXY and NO_PROXY", ExitConnect},
	LinkReplaced:    {"another sensor has this source's UUID: give one of them another with uuid= (sensord uuid --help says how), or stop it", ExitRejected},
	LinkSilent:      {"the path or the server is stuck; sensord reconnects by itself, unless --disable-retry keeps it from that", ExitFailed},

	SourceMissing:    {"check the path; it is relative to where sensord was started", ExitRadio},
	SourceUnreadable: {"check the file's permissions", ExitRadio},
	SourceCorrupt:    {"everything before the damage was sent; copy the file again if the original is whole", ExitRadio},
	SourceType:       {"this version captures from Wi-Fi radios (linuxwifi) and from pcap and pcapng files", ExitRadio},

	RadioMissing:     {"plug it in, sensord waits for it; `sensord list` shows which radios there are", ExitRadio},
	RadioPermission:  {"run as root, or give the capabilities: setcap cap_net_admin,cap_net_raw=ep on the program, or AmbientCapabilities= in its systemd unit", ExitRadio},
	RadioUnsupported: {"use a radio whose driver has monitor mode; `sensord list` shows which do", ExitRadio},
	RadioBlocked:     {"unblock it: rfkill unblock wifi, or the switch on the machine", ExitRadio},
	RadioBusy:        {"set the radio's other interfaces down, so that it may be tuned; `sensord list` names them", ExitRadio},
	RadioGone:        {"plug it in again, sensord waits for it", ExitRadio},
	RadioDown:        {"find out what else manages this interface; sensord sets it up again by itself", ExitRadio},
	RadioMode:        {"find out what else manages this interface; sensord takes it back by itself", ExitRadio},
	RadioChannel:     {"leave the channel out of the list, or set the regulatory domain: `sensord list` shows what is allowed and why", ExitRadio},
	RadioDriver:      {"sensord opens the radio again by itself; if it goes on, plug it in anew or update its firmware", ExitRadio},

	GPSMissing:    {"plug it in, sensord waits for it; a serial receiver is /dev/ttyACM0 or /dev/ttyUSB0 on most machines", ExitRadio},
	GPSPermission: {"add the user to the group of the device: usermod -aG GROUP USER, then log in again; let a udev rule give it to a group if it has none", ExitRadio},
	GPSBusy:       {"stop the other program (gpsd takes serial receivers for itself), or reach the receiver through it: type gpsd", ExitRadio},
	GPSRefused:    {"start gpsd or the feed there, or correct the address (gpsd listens on 2947)", ExitRadio},
	GPSLost:       {"sensord connects again by itself", ExitRadio},
	GPSSilent:     {"see whether it works and sends; sensord goes on trying", ExitRadio},
	GPSGarbled:    {"check that it speaks NMEA 0183 (type nmea), or is gpsd (type gpsd)", ExitRadio},
	GPSDevice:     {"see what gpsd has: gpspipe -w -n 5; name the receiver's device to gpsd, or start gpsd with -n", ExitRadio},
	GPSFile:       {"name a log of NMEA sentences or of gpsd's JSON", ExitRadio},
	GPSSearching:  {"wait, with the antenna in sight of the sky: a cold start takes minutes", ExitRadio},
	GPSStale:      {"frames have no position until there is a fix again; check antenna and cable", ExitRadio},

	WebListen: {"choose another address with web: {listen: HOST:PORT}, or SENSORD_WEB_LISTEN", ExitFailed},
	WebToken:  {"name a file that only sensord's user can read with web: {token_file: FILE}, or SENSORD_WEB_TOKEN_FILE", ExitUsage},

	RESTRefused:   {"check rest: {url: …} of the server, or SENSORD_REST_URL; sensord goes on trying", ExitConnect},
	RESTRole:      {"give the server rest: {apikey_file: …}, or set SENSORD_REST_APIKEY, with a key of the role WEBGPS, or of admin to create the meta GPS", ExitLogin},
	MetaGPSAbsent: {"create it on the server with gps=meta:name=NAME,dataonly=true, or give a login of the role admin", ExitRejected},

	DiskFull:     {"make room there, or give spool: {size: …} a smaller limit; sensord captures on and writes again by itself", ExitFailed},
	DiskFailed:   {"check the disk and the directory's owner and mode; sensord captures on and tries again by itself", ExitFailed},
	SpoolLocked:  {"stop the other sensord, or give this one another directory with --spool DIR", ExitUsage},
	SpoolDamaged: {"everything around the damage is kept; check the disk, and the power supply of the machine", ExitIncomplete},
	SpoolVersion: {"use the sensord that wrote it, or empty it with `sensord spool empty`", ExitUsage},
	SpoolAbsent:  {"name the directory with --spool DIR; `sensord spool` lists the sources in it", ExitUsage},
	SpoolClock:   {"start an NTP client or wait for a GPS receiver's time; timestamp=false among a source's options sends them with the times of this machine's clock", ExitFailed},

	ServerDrops:  {"give the server more time: lower replay: {rate: …}; or raise packet_backlog_limit in its kismet.conf", ExitFailed},
	ServerClock:  {"start an NTP client there and here", ExitFailed},
	StatusAbsent: {"start one: sensord run --config FILE; with sudo if it belongs to another user", ExitFailed},

	BusRefused:  {"check the bus's address and port (clients 4222, leaves 7422), and that it runs; sensord goes on trying", ExitConnect},
	BusAuth:     {"name the file with the rig's credentials: bus: {creds: FILE}; `sensord hub rig NAME` writes one", ExitLogin},
	BusTLS:      {"name the certificate's CA: bus: {tls: {ca: FILE}}; if it is for another name: {tls: {server_name: NAME}}; where there is no TLS, write nats://", ExitConnect},
	BusDenied:   {"use the credentials that were made for this rig and fleet: `sensord hub rig NAME` on the hub", ExitLogin},
	BusListen:   {"choose another address to listen on, or stop the other program", ExitFailed},
	BusStore:    {"make room or repair the directory; capture goes on, and what is published now reaches only who is there to hear", ExitFailed},
	BusNoStore:  {"switch JetStream on at the server, or use bus: {mode: leaf}, which has its own", ExitFailed},
	BusMessage:  {"find out who sends it: the rest of the bus is not disturbed", ExitFailed},
	BusFlood:    {"find out who sends so much; what was too much was left out and counted", ExitFailed},
	BusLite:     {"use the full build of sensord, or let this one join a server: bus: nats://HOST", ExitUsage},
	BusClaimed:  {"give one of the two sources another UUID with uuid= (sensord uuid --help says how), or stop one", ExitRejected},
	BusReplaced: {"give each rig of a fleet a name of its own with rig:", ExitUsage},
	BusUntimely: {"start an NTP client on that rig, or give it a receiver", ExitFailed},

	ExportFormat: {"name a spool directory, or a pcap or pcapng file", ExitUsage},

	LogFull:    {"the server was away for longer than the frame log could hold", ExitIncomplete},
	Incomplete: {"run again when the server answers", ExitIncomplete},
	Internal:   {"please report this with the log", ExitFailed},
}

// Codes returns every code, in alphabetical order.
func Codes() []Code { return slices.Sorted(maps.Keys(table)) }
