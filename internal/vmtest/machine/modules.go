package machine

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// kernelModules finds the modules that are wanted and those that they need,
// under root/lib/modules, each behind what it depends on. A wanted one that is
// part of the kernel itself is left out. (modules.dep, which has the same, is
// not in the kernel's package: it is made when that is installed.)
func kernelModules(root string, wanted []string) ([]string, error) {
	files := make(map[string]string)
	builtin := make(map[string]bool)
	err := filepath.WalkDir(filepath.Join(root, "lib/modules"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Name() == "modules.builtin" {
			text, err := os.ReadFile(path)
			for line := range strings.FieldsSeq(string(text)) {
				builtin[moduleName(line)] = true
			}
			return err
		}
		if strings.HasSuffix(path, ".ko") {
			files[moduleName(path)] = path
		}
		return nil
	})
	if err != nil {
		return nil, err
	}

	var order []string
	seen := make(map[string]bool)
	var add func(name, from string) error
	add = func(name, from string) error {
		if seen[name] || builtin[name] {
			return nil
		}
		seen[name] = true
		file, ok := files[name]
		if !ok {
			return fmt.Errorf("%s: the kernel's package has no such module, which %s needs", name, from)
		}
		needs, err := moduleNeeds(file)
		if err != nil {
			return err
		}
		for _, need := range needs {
			if err := add(need, name); err != nil {
				return err
			}
		}
		order = append(order, file)
		return nil
	}
	for _, name := range wanted {
		if err := add(name, "the tests' machine"); err != nil {
			return nil, err
		}
	}
	return order, nil
}

// moduleName is how modules call each other: the file's name, with underscores.
func moduleName(file string) string {
	return strings.ReplaceAll(strings.TrimSuffix(filepath.Base(file), ".ko"), "-", "_")
}

// moduleNeeds says which modules a module's file declares it depends on.
func moduleNeeds(file string) ([]string, error) {
	f, err := elf.Open(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	defer f.Close()
	section := f.Section(".modinfo")
	if section == nil {
		return nil, fmt.Errorf("%s: no kernel module: it has no section .modinfo", file)
	}
	info, err := section.Data()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return parseNeeds(info), nil
}

// parseNeeds reads a .modinfo section: strings name=value, each ended by a zero.
func parseNeeds(info []byte) []string {
	var needs []string
	for field := range bytes.SplitSeq(info, []byte{0}) {
		list, ok := bytes.CutPrefix(field, []byte("depends="))
		if !ok {
			continue
		}
		for name := range strings.SplitSeq(string(list), ",") {
			if name != "" {
				needs = append(needs, strings.ReplaceAll(name, "-", "_"))
			}
		}
	}
	return needs
}
