package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
)

// exportFlags are those of `sensord export`.
type exportFlags struct {
	values
	format, output, from, to string
}

func newExportCommand(a *app) *cobra.Command {
	var v exportFlags
	cmd := &cobra.Command{
		Use:     "export [flags] SPOOL|DIR|FILE...",
		Short:   "Turn kept frames, recordings and captures into pcapng, WiGLE CSV or GPX",
		Long:    exportLong,
		Example: exportExample,
		RunE:    func(cmd *cobra.Command, args []string) error { return a.export(cmd, &v, args, nil) },
	}
	fs := cmd.Flags()
	v.exported(cmd)
	v.file(fs)
	return cmd
}

// exported defines the flags of everything that exports.
func (v *exportFlags) exported(cmd *cobra.Command) {
	fs := cmd.Flags()
	group(fs, groupOurs, func() {
		fs.StringVar(&v.format, "format", "", "`FORM` to write: pcapng, wigle or gpx (default by the name of --output, else pcapng)")
		fs.StringVarP(&v.output, "output", "o", "", "write to `FILE`, which appears when it is complete; - is standard output (default -)")
		fs.StringVar(&v.from, "from", "", "leave out what was heard before `TIME`, as 2026-11-23, 2026-11-23T05:42 or 2026-11-23T06:42:10+01:00; UTC where no zone is given")
		fs.StringVar(&v.to, "to", "", "leave out what was heard at `TIME` or later")
		fs.StringArrayVar(&v.Zones, "zone", nil, "leave out what was heard in this circle: `LAT,LON,RADIUS`, as 52.5200,13.4050,200m; may be repeated")
	})
}

const exportLong = `Turn frames into a file that other programs read. They come from the spool of a sensord (of all its sources, or name
the directory of one), from a directory of recordings, and from pcap and pcapng files, in the order in which they are
named; sensord may be running. Nothing is taken away: what waits for a server still waits.

  pcapng  for Wireshark and Kismet's tools: every frame, with its position as Kismet's GPS option
  wigle   WiGLE's CSV 1.6: the networks that were heard, a row for each network and place
  gpx     the way that the sensor went, a point a second

With --zone, or with --config and its privacy: zones, only what is known to have been heard outside of them is written:
frames without a position stay out, unless the last position before them was far enough away.

What was written, and what was left out, is said on standard error. The exit status is 3 if something could not be read.`

const exportExample = `  sensord export --output drive.pcapng /var/lib/sensord/recordings
  sensord export --format wigle -o upload.csv --zone 52.5200,13.4050,300m /var/lib/sensord/spool
  sensord export -o monday.gpx --from 2026-11-23 --to 2026-11-24 rover-1-*.pcapng
  sensord export --config rig.yaml | tshark -r - -c 10`

// export writes what the arguments name; sources, if there are any, are the only
// ones of a spool.
func (a *app) export(cmd *cobra.Command, v *exportFlags, args []string, sources []capture.UUID) error {
	flags, err := a.flags(cmd, &v.values)
	if err != nil {
		return err
	}
	loaded, err := configs.Positions(v.config, a.environ, flags)
	a.warn(loaded)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		if args, err = exportDefault(v.config, loaded.Config); err != nil {
			return err
		}
	}
	x := exporter{errs: a.errs, zones: loaded.Config.Privacy.Zones, names: map[capture.UUID]string{}}
	if x.fromNs, err = exportTime("--from", v.from, 0); err != nil {
		return err
	}
	if x.toNs, err = exportTime("--to", v.to, 1<<63-1); err != nil {
		return err
	}
	if x.toNs <= x.fromNs {
		return usageError("--to "+v.to, "name a time after --from "+v.from, "nothing is heard before it and after --from")
	}
	format, err := exportFormat(v.format, v.output)
	if err != nil {
		return err
	}
	if format == formatPcapNG && (v.output == "" || v.output == "-") && isTerminal(a.out) {
		return usageError("", "write --output FILE, or | tshark -r -", "pcapng is nothing for a terminal")
	}
	feeds, err := exportFeeds(args, sources)
	if err != nil {
		return err
	}
	out, err := openOutput(v.output, a.out, inputs(args, feeds))
	if err != nil {
		return err
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	x.sink = newSink(format, out, x.name)
	return x.run(ctx, feeds, out)
}

// exportDefault is what is exported when nothing is named: what the
// configuration keeps.
func exportDefault(file string, c configs.Config) ([]string, error) {
	if dir := c.Spool.Dir; file != "" && dir != "" {
		return []string{dir}, nil
	}
	return nil, usageError("", "name a spool directory, a directory of recordings, or a pcap or pcapng file", "nothing is named to export")
}

// Formats that frames are exported in.
const (
	formatPcapNG = "pcapng"
	formatWigle  = "wigle"
	formatGPX    = "gpx"
)

// exportFormat returns the format that was named, else that of the file's name.
func exportFormat(name, output string) (string, error) {
	switch name {
	case formatPcapNG, formatWigle, formatGPX:
		return name, nil
	case "":
	default:
		return "", &fault.Error{
			Code: fault.ExportFormat, Object: "--format " + name,
			Err: errNoFormat, Advice: "write --format pcapng, wigle or gpx",
		}
	}
	switch strings.ToLower(filepath.Ext(output)) {
	case ".csv":
		return formatWigle, nil
	case ".gpx":
		return formatGPX, nil
	}
	return formatPcapNG, nil
}

// exportTime reads a time of the command line as ns since 1970.
func exportTime(flag, text string, absent int64) (int64, error) {
	if text == "" {
		return absent, nil
	}
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly,
	} {
		if t, err := time.Parse(layout, text); err == nil && t.Year() >= 1970 && t.Year() < 2262 {
			return t.UnixNano(), nil
		}
	}
	return 0, usageError(flag+" "+text, "write it as 2026-11-23T05:42 in UTC, or as 2026-11-23T06:42:10+01:00", "it is no time")
}
