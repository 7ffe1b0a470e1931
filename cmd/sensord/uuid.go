package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
)

func newUUIDCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "uuid DEFINITION...",
		Short: "Print the UUID by which a server knows a source",
		Long: `Print the UUID by which a server knows a source: what the option uuid= says, else the one that Kismet's
tools make, of a file's name as it is written, or of a radio's MAC address. The file need not exist; of a radio
that is not there, give the MAC address.`,
		Example: `  sensord uuid walk.pcap /captures/drive.pcapng wlan0
  sensord uuid 02:00:00:00:00:01`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError("", "write `sensord uuid SOURCE`", "no source is named")
			}
			for _, arg := range args {
				uuid, err := a.uuid(arg)
				if err != nil {
					return err
				}
				_, _ = fmt.Fprintf(a.out, "%s  %s\n", uuid, arg)
			}
			return nil
		},
	}
}

func (a *app) uuid(definition string) (capture.UUID, error) {
	if mac, err := net.ParseMAC(definition); err == nil && len(mac) == 6 {
		return capture.WifiUUID(mac), nil
	}
	def, err := capture.ParseDefinition(definition)
	if err != nil {
		return capture.UUID{}, err
	}
	if uuid, given, err := def.UUID(); given || err != nil {
		return uuid, err
	}
	switch kind := a.sourceType(def); kind {
	case capture.TypePcapFile:
		return capture.FileUUID(def.Interface), nil
	case capture.TypeLinuxWifi:
		return a.radioUUID(def.Interface)
	default:
		return capture.UUID{}, fault.Newf(fault.SourceType, "source "+definition, "the UUID of type %s is not known", kind)
	}
}

// sourceType asks this machine what a definition means.
func (a *app) sourceType(def capture.Definition) string {
	switch a.name() {
	case capture.ToolLinuxWifi:
		return capture.TypeLinuxWifi
	case capture.ToolPcapFile:
		return capture.TypePcapFile
	}
	fileExists := func(name string) bool {
		info, err := os.Stat(name)
		return err == nil && !info.IsDir()
	}
	interfaceExists := func(name string) bool {
		_, err := os.Stat(filepath.Join(a.netDir, name))
		return err == nil && name == filepath.Base(name)
	}
	return capture.SourceType(def, fileExists, interfaceExists)
}

func (a *app) radioUUID(name string) (capture.UUID, error) {
	text, err := os.ReadFile(filepath.Join(a.netDir, filepath.Base(name), "address"))
	if err != nil {
		return capture.UUID{}, &fault.Error{
			Code: fault.RadioMissing, Object: "source " + name,
			Err:    errors.New("there is no such file and no such interface; the UUID of a radio is made of its MAC address"),
			Advice: "plug it in, or write `sensord uuid MAC`; for a file write its path, as in ./" + name,
		}
	}
	mac, err := net.ParseMAC(strings.TrimSpace(string(text)))
	if err != nil || len(mac) != 6 {
		return capture.UUID{}, &fault.Error{
			Code: fault.RadioUnsupported, Object: "interface " + name,
			Err: errors.New("it has no MAC address of 6 bytes, so it is no Wi-Fi interface"), Advice: "`sensord list` shows the radios of this machine",
		}
	}
	if _, err := os.Stat(filepath.Join(a.netDir, filepath.Base(name), "phy80211")); err != nil {
		return capture.UUID{}, &fault.Error{
			Code: fault.RadioUnsupported, Object: "interface " + name,
			Err: errors.New("it is no Wi-Fi interface"), Advice: "`sensord list` shows the radios of this machine",
		}
	}
	return capture.WifiUUID(mac), nil
}
