package main

import "github.com/spf13/cobra"

// newDeliveryTopic is a page of help, not a command.
func newDeliveryTopic() *cobra.Command {
	return &cobra.Command{Use: "delivery", Short: "Where frames wait, are written and sent, and what keeps them from it", Long: deliveryText}
}

const deliveryText = `A frame counts as sent when the server has confirmed it. Until then it is kept: in memory, and with a spool on disk,
if a radio heard it. Files and pipes are not kept: a file is read again, and both are read as fast as there is room.

  --spool DIR              keep on disk what radios heard and was not confirmed within two seconds; the next start
                           sends what is left
  --record DIR             write every frame to pcapng files, with its position, with or without a server
  --zone LAT,LON,RADIUS    neither send nor write what was heard in this circle
  --proxy http://HOST:PORT reach the servers through an HTTP proxy; else HTTPS_PROXY, HTTP_PROXY and NO_PROXY count

The same in a configuration, with the defaults of all that has one:

  servers:                 # tried in this order; back to the first when it lives
    - url: wss://kismet.example
      apikey_file: /etc/sensord/home.key
      tls: {cert: /etc/sensord/rover.pem, key: /etc/sensord/rover.key}   # for servers that ask for a certificate
      proxy: {url: "http://proxy.example:3128", user: rover, password_file: /etc/sensord/proxy.password}
    - {url: "ws://192.0.2.10:2501", apikey_file: /etc/sensord/car.key, proxy: none}
  spool:
    dir: /var/lib/sensord/spool   # below the state directory, if it is not written; off: in memory only
    size: 2GiB                    # of all sources together
    age: never                    # older frames are dropped, as 30d
    memory: 16MiB                 # what is not on disk
    after: 2s                     # frames go to disk when not confirmed for so long
    sync: 1s                      # what a loss of power may cost; always, never
    drop: oldest                  # or newest, when there is no more room: nothing is recorded then
  replay:                         # how fast a server that is back gets what was kept
    rate: 5000/sec                # or unlimited
    bytes: 4MiB                   # a second, or unlimited
  record:
    dir: /srv/captures
    size: 100MiB                  # of one file
    every: 1h                     # a new file so often; never
    total: unlimited              # the oldest files go, as 20GiB
    sync: 1s
  privacy:
    zones: [{name: home, lat: 52.5200, lon: 13.4050, radius: 300m}]
  status: {socket: /run/sensord/rover.sock}   # whom sensord status asks; off

A configuration may leave servers out if it has record. Zones need a receiver: a frame leaves only if it is known to have
been heard outside. What is kept for whom is shown by sensord spool, what happens just now by sensord status.`
