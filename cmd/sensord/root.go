package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// execute runs the command that the arguments ask for.
func (a *app) execute() error {
	root := a.rootCommand()
	root.SetArgs(a.arguments())
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.errs)
	return root.Execute()
}

// rootCommand is the drop-in for Kismet's tools, with our commands below it.
func (a *app) rootCommand() *cobra.Command {
	var v values
	root := &cobra.Command{
		Use:           "sensord --connect HOST[:PORT] --source SOURCE [flags]",
		Short:         "Send captured Wi-Fi frames to a Kismet server",
		Long:          rootLong,
		Example:       rootExample,
		Args:          noArguments,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return a.dropIn(cmd, &v) },
	}
	fs := root.Flags()
	v.server(fs)
	v.source(fs)
	v.life(fs)
	v.local(fs)
	v.log(fs)
	group(fs, groupKismet, func() {
		fs.BoolVarP(&v.version, "version", "v", false, "print the version")
		fs.BoolP("help", "h", false, "print this")
	})
	root.SetHelpFunc(a.help)
	root.SetUsageFunc(func(cmd *cobra.Command) error { a.help(cmd, nil); return nil })
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return flagError(cmd.Flags(), cmd.CommandPath(), err)
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetHelpCommand(a.helpCommand())
	root.AddCommand(a.commands()...)
	return root
}

// commands are sensord's own, in the order of the help text.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		newRunCommand(a),
		newCheckCommand(a),
		newStatusCommand(a),
		newFleetCommand(a),
		newHubCommand(a),
		newSpoolCommand(a),
		newExportCommand(a),
		newDemoCommand(a),
		newGPSCommand(a),
		newListCommand(a),
		newUUIDCommand(a),
		newVersionCommand(a),
		newSourcesTopic(),
		newReceiversTopic(),
		newDeliveryTopic(),
	}
}

// dropIn does what Kismet's tools do with the same flags.
func (a *app) dropIn(cmd *cobra.Command, v *values) error {
	switch {
	case v.version: // not cobra's own: its templates would keep 2 MiB in the program
		_, err := fmt.Fprintf(a.out, "sensord %s\n", versionText())
		return err
	case v.inFD >= 0 || v.outFD >= 0:
		return usageError("--in-fd, --out-fd", "start it with --connect HOST and --source SOURCE",
			"this is Kismet's local mode, in which the server starts the capture tool; sensord only connects over the network")
	case v.list:
		_ = a.listTo(a.errs, false, false) // which tells it
		return reported{status: 2}         // as Kismet's tools do
	case len(a.arguments()) == 0:
		_, _ = fmt.Fprint(a.errs, helpText(cmd))
		return reported{status: 2}
	}
	return a.start(cmd, v)
}

const rootLong = `sensord sends captured Wi-Fi frames to a Kismet server, and keeps each one until
the server has confirmed it. The command lines of Kismet's own capture tools work
as they are typed. It captures from Wi-Fi radios, and from pcap and pcapng files;
called as kismet_cap_linux_wifi or kismet_cap_pcapfile, from the one or the other.`

const rootExample = `  # a radio; the key is not seen by other users, as it would be with --apikey
  SENSORD_APIKEY=KEY sensord --connect kismet.local --source wlan1:name=roof

  # the same with a receiver: each frame carries where it was heard
  SENSORD_APIKEY=KEY sensord --connect kismet.local --source wlan1:name=roof --gps gpsd:host=localhost,port=2947

  # as Kismet's tools over legacy TCP, two radios, and a place that stays
  sensord --tcp --connect 192.0.2.10 --source wlan1 --source wlan2:filter_locals=true --fixed-gps 52.52,13.405

  # a file, behind a proxy with TLS and a prefix; end when everything is confirmed
  sensord --ssl=ca.pem --connect kismet.example --endpoint /kismet/datasource/remote/remotesource.ws \
      --user kismet --password PASSWORD --source walk.pcap --once

  # which radios are there, and what keeps them from capturing
  sensord list

  # from a configuration; first see whether it will work
  sensord check --config rig.yaml
  sensord run --config rig.yaml`
