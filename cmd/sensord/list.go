package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

func newListCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Say what this machine can capture from",
		Long: `Say what this version captures from, and which radios this machine has. The flag --list prints the same as
Kismet's tools do: to standard error, with exit status 2.`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(a.out, a.list())
			return err
		},
	}
}

// list says what can be captured from, and what cannot.
func (a *app) list() string {
	var b strings.Builder
	b.WriteString("pcapfile: pcap and pcapng files, also gzip\n  sensord --source FILE\n")
	radios := a.radios()
	if len(radios) == 0 {
		b.WriteString("linuxwifi: this machine has no Wi-Fi interface\n")
		return b.String()
	}
	b.WriteString("linuxwifi: not captured by this version\n")
	for _, radio := range radios {
		b.WriteString("  " + radio + "\n")
	}
	return b.String()
}

// radios returns the Wi-Fi interfaces that the kernel lists, each with its phy.
func (a *app) radios() []string {
	entries, err := os.ReadDir(a.netDir)
	if err != nil {
		return nil // no such kernel, no radios
	}
	var radios []string
	for _, e := range entries {
		dir := filepath.Join(a.netDir, e.Name())
		if phy, err := os.ReadFile(filepath.Join(dir, "phy80211", "name")); err == nil {
			radios = append(radios, fmt.Sprintf("%s (%s)", e.Name(), strings.TrimSpace(string(phy))))
		} else if _, err := os.Stat(filepath.Join(dir, "wireless")); err == nil {
			radios = append(radios, e.Name())
		}
	}
	return radios
}
