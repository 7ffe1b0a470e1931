package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/bpf"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/capture/radiotap"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
)

// filter tells which frames are left out by the configuration, and whether the
// kernel has room for all of it.
func (c *radioCheck) filter(ctx context.Context, s configs.Source) {
	spec, err := c.filterSpec(ctx, s)
	if err != nil {
		c.step("filter", 0, "", radioFault(fault.RadioDriver, s.Definition.Interface, err))
		return
	}
	limit := bpf.MaxInstructions
	if room, known := c.app.radios.optmem(); known {
		limit = min(limit, bpf.Budget(room))
	}
	p, err := bpf.Compile(spec, capture.LinkTypeRadiotap, limit)
	if err != nil {
		c.step("filter", 0, "", err)
		return
	}
	n := p.Counts()
	var words []string
	if n.Addresses > 0 {
		words = append(words, "without the frames of "+plural(n.Addresses, "address", "addresses"))
	}
	if n.Rules > 0 {
		words = append(words, plural(n.Rules, "rule", "rules"))
	}
	if spec.Mgmt {
		words = append(words, "management frames and EAPOL only")
	}
	if spec.TruncateData {
		words = append(words, "data frames cut")
	}
	if len(words) == 0 {
		return
	}
	c.step("filter", 0, s.Definition.Interface+": "+strings.Join(words, ", "), nil)
	if n.KernelAddresses < n.Addresses || n.KernelRules < n.Rules || n.KernelTail != n.Tail {
		c.warn("filter", 0, "", fmt.Sprintf("%s: the kernel has no room for all of it: %s, which takes more of the processor",
			s.Definition.Interface, p.Split()), "sysctl -w net.core.optmem_max=131072")
	}
}

// filterSpec is the filter of a source with the addresses that this machine has
// now. Whether filter_locals is on because the server is reached over Wi-Fi is
// for the rig to find out.
func (c *radioCheck) filterSpec(ctx context.Context, s configs.Source) (bpf.Spec, error) {
	spec, locals, err := bpf.SpecOf(s.Definition)
	if err != nil {
		return bpf.Spec{}, err
	}
	for _, text := range s.Filter {
		rule, err := bpf.ParseRule(text)
		if err != nil {
			return bpf.Spec{}, err
		}
		spec.Rules = append(spec.Rules, rule)
	}
	if !locals.All && len(locals.Interfaces) == 0 {
		return spec, nil
	}
	links, err := c.app.radios.addresses(ctx)
	if err != nil {
		return bpf.Spec{}, err
	}
	for _, l := range links {
		if len(l.MAC) == 6 && (locals.All || slices.Contains(locals.Interfaces, l.Name)) {
			spec.Addresses = append(spec.Addresses, radiotap.MAC(l.MAC))
		}
	}
	for _, name := range locals.Interfaces {
		if !slices.ContainsFunc(links, func(l linuxwifi.LinkAddress) bool { return l.Name == name }) {
			c.warn("filter", 0, "", s.Definition.Interface+": filter_interface="+name+" is not there; its frames are left out once it is", "")
		}
	}
	return spec, nil
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// readOptmem returns how much memory the kernel gives to a socket's options,
// filters among them, in bytes.
func readOptmem() (bytesOfOptions int, known bool) {
	text, err := os.ReadFile("/proc/sys/net/core/optmem_max")
	if err != nil {
		return 0, false
	}
	n, err := strconv.Atoi(string(bytes.TrimSpace(text)))
	return n, err == nil
}
