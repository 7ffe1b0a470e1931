package main

import "github.com/spf13/cobra"

// newReceiversTopic is a page of help, not a command.
func newReceiversTopic() *cobra.Command {
	return &cobra.Command{Use: "receivers", Short: "What says where the sensor is, and how it is written", Long: receiversText}
}

const receiversText = `Receivers say where the sensor is. With --gps they are written as in Kismet's gps=, the type, a colon, options:

  --gps gpsd:host=localhost,port=2947           gpsd; device=/dev/ttyACM0 for one of its devices
  --gps serial:device=/dev/ttyACM0,baud=auto    NMEA on a serial line; the rate is found unless it is given
  --gps tcp:host=192.0.2.7,port=4352            NMEA over TCP: sensord connects
  --gps listen:port=10110                       NMEA over TCP: others connect to sensord
  --gps udp:port=10110                          NMEA over UDP; host=239.192.0.1 joins a group
  --gps meta:name=phone                         positions are posted to /gps/meta/phone/update.cmd, or .ws
  --gps web:name=phone                          positions are posted to /gps/web/update.cmd, or .ws
  --gps bus:rig=rover-1                         where another rig of the fleet is; metagps=phone for a meta GPS
  --gps virtual:lat=52.5200,lon=13.4050,alt=34  a place that stays, as --fixed-gps
  --gps replay:file=drive.nmea                  a log of NMEA or of gpsd's JSON, which locates captures of its time

Options of any: name=TEXT, latency=200ms (how late its fixes come; measured if it is left out), and Kismet's
reconnect=true, which is always so. Of those that speak NMEA: checksum=optional takes sentences without one. Of meta,
web and bus: expire=10s, how long a position is good for. Of replay: start_date=2026-05-17 for a log that has no dates,
realtime=true to play it as if it happened now.

The same in a configuration:

  gps:
    mode: fusion         # all receivers together; or priority: the first in the list that has a fix
    motion: car          # or foot
    predict: 3s          # for how long after the last fix there is a position, which becomes less certain
    limit: 100m          # a position that is less certain than this is none
    receivers:
      - {name: puck, type: gpsd, address: "localhost:2947"}
      - {name: mouse, type: nmea, device: /dev/ttyUSB0, baud: auto}
      - {name: plotter, type: nmea, address: "192.0.2.7:4352"}
      - {name: others, type: nmea, listen: "udp://:10110"}      # or tcp://:10110
      - {name: phone, type: meta, expire: 10s}
      - {type: bus, rig: rover-1}                               # takes a bus: --bus, or bus: in a configuration
  web: {listen: 127.0.0.1:2510}                                 # where positions are posted to

A receiver that is not there is waited for. Each frame carries where the sensor was at the frame's own time. Of the
frames of a file that is not known: they are located by a fixed place, or by the log of their drive (replay). A place
that stays, {type: fixed, lat: 52.5200, lon: 13.4050, alt: 34}, is alone, or the last one in mode priority.

Who posts positions sends the same as to Kismet, with the token as its API key:

  curl -H 'Content-Type: application/json' -d '{"lat": 52.52, "lon": 13.405, "alt": 34, "spd": 50}' \
      'http://127.0.0.1:2510/gps/meta/phone/update.cmd?KISMET=TOKEN'

alt (metres), spd (km/h), time (seconds since 1970), heading (degrees) and accuracy (metres, 95 %) may be left out.
` + "`sensord check`" + ` says where to post to, and where the token is: in web.token in the state directory, made at the first
start, unless web: {token_file: FILE} or SENSORD_WEB_TOKEN_FILE names another. web.listen (SENSORD_WEB_LISTEN) may be
an address that others reach if there is TLS, web: {tls: {cert: FILE, key: FILE}}, or with insecure: true.

metagps=NAME in a source's options makes the server locate its frames by its own copy of a position. sensord keeps
that fresh over REST, with the server's login or another one, servers: [{rest: {apikey_file: FILE}}] or
SENSORD_REST_APIKEY, of the role WEBGPS; to create it takes the role admin. How often, and whether it may be created,
is said by gps: {metagps: {rate: 1/sec, create: true}}. It is worse than what sensord does without it: the copy is as
old as the last update, the server never lets it expire, and no positions are sent with the frames of this source.`
