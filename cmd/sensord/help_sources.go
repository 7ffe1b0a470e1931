package main

import "github.com/spf13/cobra"

// newSourcesTopic is a page of help, not a command.
func newSourcesTopic() *cobra.Command {
	return &cobra.Command{Use: "sources", Short: "How a source is written, and its options", Long: sourcesText}
}

const sourcesText = `A source is written as for Kismet: the interface or file, a colon, options.

  wlan1
  wlan1:name=roof,channels="1,6,11",filter_mgmt=true
  walk.pcap:name=walk,pps=500

The interface ends at the first colon. A value with commas stands in double quotes; no value can hold a double
quote. In a configuration the same is written in parts, and what is not Kismet's stands beside the options:

  sources:
    - interface: wlan1
      name: roof
      options: {channels: "1,6,11", filter_locals: true}
      hop: {mode: split, rate: 5/sec}             # server (the default), local, split, adaptive or off
      filter: ["keep any=02:00:00:00:00:01", "drop type=ctrl"]
      ring: 2MiB                                  # the kernel's buffer for this radio
      server_options: ignore                      # do not adopt what Kismet's wardrive mode asks for
    - {interface: walk.pcap, name: walk, options: {pps: 500}}

What this version captures from:

  linuxwifi  Wi-Fi radios of Linux, in monitor mode. ` + "`sensord list`" + ` shows them. One that is not there is waited for.
  pcapfile   pcap and pcapng files, also gzip; any link type. Frames keep their times.

Options of any source:

  name=TEXT        how the source is called; default the interface or file
  uuid=UUID        by which the server knows the source; default the one that Kismet's tools make, of the radio's
                   MAC address or of the file's name
  type=TYPE        linuxwifi or pcapfile, where that is not plain

Options of radios:

  channel=C              tune to it at the start, and stay there if nothing hops
  channels=C,C           hop over these, instead of all that the radio can do
  add_channels=C,C       over these as well
  block_channels=C,C     and not over these
  channel_hop=false      do not hop
  channel_hoprate=R      how fast, until the server says it: 5/sec, 30/min, or 2/dwell for 2 seconds each
  band24ghz=true         only in this band; also band5ghz, band6ghz
  ht_channels=false      no channels of 40 MHz; vht_channels=false none of 80 and 160 MHz
  default_ht20=true      6HT20 in place of 6; expand_ht20=true both
  vif=NAME               what to call the monitor interface; the radio's own name switches that to monitor mode
  ignoreprimary=true     leave the radio's own interface up
  fcsfail=true           take frames that arrived damaged, too; also plcpfail
  filter_mgmt=true       only management frames and EAPOL
  truncate_data=true     data frames without what they carry; EAPOL stays whole
  filter_locals=true     without the frames of this machine's own interfaces
  filter_interface=NAME  without the frames of this one; may be repeated
  filter_address=MAC     without the frames of this address; may be repeated

Channels are 6, 6HT20, 6HT40+, 36HT40+, 36VHT80, 36VHT160, 6W5, 6W10, and 5W6e in 6 GHz. A frequency in MHz can
stand for the number, and the middle behind a dash: 5955VHT80-5985. ` + "`sensord list --channels`" + ` has all names.

A filter is a list of rules, of which the first that matches decides; what none matches is kept. A rule is drop,
keep or cut (the headers only), and conditions, which all have to be met:

  type=mgmt,ctrl,data    what kind of frame
  subtype=beacon         more exactly: probe-req, qos-data, qos-null, ack, rts ..., or a number as in ctrl/13
  ra=MAC ta=MAC          receiver and transmitter on the air; sa= da= source and destination, bssid= the cell,
                         any= one of the first four
  len<100 len>1000       bytes on the air
  signal<-80             dBm

Options of files:

  realtime=true    replay as slowly as it was captured
  pps=N            replay N frames a second

Options that Kismet's server reads, passed on as they are:

  timestamp=false                         keep the frames' times, instead of those of their arrival. For radios sensord
                                          says so itself, once it knows the time from the network or from GPS
  metagps=NAME                            the server locates the frames by its own copy of a position, of this
                                          name; see sensord help receivers
  info_antenna_type, info_antenna_gain, info_antenna_orientation, info_antenna_beamwidth,
  info_amp_type, info_amp_gain            notes about the hardware

Two sources with one UUID cannot be: a server would put one in the place of the other.`
