package machine

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// libraryDirs is where Debian's loader looks without being told.
func libraryDirs() []string {
	return []string{"lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu", "lib64", "usr/lib64", "lib", "usr/lib"}
}

// libraries finds what the programs (paths below root) are linked with: loader
// and shared libraries, as paths below root.
func libraries(root string, programs ...string) ([]string, error) {
	var found []string
	seen := make(map[string]bool)
	queue := programs
	for len(queue) > 0 {
		program := queue[0]
		queue = queue[1:]
		needs, err := linkedWith(filepath.Join(root, program))
		if err != nil {
			return nil, err
		}
		for _, need := range needs {
			if seen[need] {
				continue
			}
			seen[need] = true
			path := findLibrary(root, need)
			if path == "" {
				return nil, fmt.Errorf("%s: needs %s, which no fetched package has", program, need)
			}
			found = append(found, path)
			queue = append(queue, path)
		}
	}
	return found, nil
}

// findLibrary finds a library by its name, and the loader by its path.
func findLibrary(root, name string) string {
	if strings.HasPrefix(name, "/") {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			return ""
		}
		return strings.TrimPrefix(name, "/")
	}
	for _, dir := range libraryDirs() {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(filepath.Join(root, path)); err == nil {
			return path
		}
	}
	return ""
}

// linkedWith reads from an ELF file the names of its libraries and the path of
// its loader.
func linkedWith(file string) ([]string, error) {
	f, err := elf.Open(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	defer f.Close()
	needs, err := f.ImportedLibraries()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for _, part := range f.Progs {
		if part.Type != elf.PT_INTERP {
			continue
		}
		loader, err := io.ReadAll(part.Open())
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		needs = append(needs, strings.TrimRight(string(loader), "\x00"))
	}
	return needs, nil
}
