package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/sensord/sensord/internal/vmtest/machine"
)

const module = "github.com/sensord/sensord"

// A builder makes what goes into the guest.
type builder struct {
	tmp    string
	flags  []string // of the test binaries
	broken []string // packages that could not be built, already said
}

// A testPackage is a package that has VM tests.
type testPackage struct{ path, dir string }

// find finds the packages with VM tests among those that match the patterns.
func (b *builder) find(ctx context.Context, patterns []string) ([]testPackage, error) {
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	const format = `{{.ImportPath}}|{{.Dir}}|{{join .TestGoFiles " "}} {{join .XTestGoFiles " "}}`
	out, err := command(ctx, append([]string{"list", "-e", "-tags", "vm", "-f", format}, patterns...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var found []testPackage
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSpace(line), "|")
		if len(fields) != 3 {
			continue
		}
		has := false
		for file := range strings.FieldsSeq(fields[2]) {
			if strings.HasSuffix(file, "_vm_test.go") {
				has = true
				if err := checkNames(filepath.Join(fields[1], file)); err != nil {
					return nil, err
				}
			}
		}
		if has {
			found = append(found, testPackage{fields[0], fields[1]})
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no VM tests in %s", strings.Join(patterns, " "))
	}
	return found, nil
}

// checkNames makes sure that every test of a file is one that is run: only those
// called TestVM... are, lest a package's other tests run here, too.
func checkNames(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for _, match := range regexp.MustCompile(`(?m)^func (Test\w*)\(`).FindAllSubmatch(text, -1) {
		if name := string(match[1]); name != "TestMain" && !strings.HasPrefix(name, "TestVM") {
			return fmt.Errorf("%s: %s would never run: call it TestVM..., or move it to another file", file, name)
		}
	}
	return nil
}

// image builds programs and test binaries. A package that cannot be built is
// said to have failed; the others are run all the same.
func (b *builder) image(ctx context.Context, root string, packages []testPackage) (*machine.Image, error) {
	image := &machine.Image{
		Root: root, Country: country, Init: filepath.Join(b.tmp, "init"),
		Programs: make(map[string]string),
	}
	if err := b.build(ctx, "build", image.Init, module+"/internal/vmtest/init"); err != nil {
		return nil, errors.New("the machine's first program cannot be built (see above)")
	}
	sensord := filepath.Join(b.tmp, "sensord")
	if err := b.build(ctx, "build", sensord, module+"/cmd/sensord", "-X main.version="+version()); err == nil {
		image.Programs["/bin/sensord"] = sensord
	} else if err := b.failed(module + "/cmd/sensord"); err != nil {
		return nil, err
	}
	for i, p := range packages {
		binary := filepath.Join(b.tmp, strconv.Itoa(i)+".test")
		if err := b.build(ctx, "test", binary, p.path); err != nil {
			if err := b.failed(p.path); err != nil {
				return nil, err
			}
			continue
		}
		image.Tests = append(image.Tests, machine.TestFiles{
			Package: p.path, Dir: strings.TrimPrefix(strings.TrimPrefix(p.path, module), "/"), Source: p.dir, Binary: binary,
			Args: append([]string{
				"-test.v", "-test.paniconexit0", "-test.run=^TestVM", "-test.timeout=" + testTimeout.String(),
			}, b.flags...),
		})
	}
	if len(image.Tests) == 0 {
		return nil, errors.New("nothing to run")
	}
	return image, nil
}

// build runs go build or go test -c, without symbols: panics keep their lines.
func (b *builder) build(ctx context.Context, verb, output, path string, link ...string) error {
	args := []string{verb, "-trimpath", "-ldflags", strings.Join(append(link, "-s", "-w"), " "), "-o", output}
	if verb == "test" {
		args = append(args, "-c", "-tags", "vm")
	}
	cmd := command(ctx, append(args, path)...)
	cmd.Stdout = os.Stderr
	return cmd.Run()
}

// failed says that a package could not be built, in the words of go test.
func (b *builder) failed(path string) error {
	b.broken = append(b.broken, path)
	_, err := fmt.Fprintf(os.Stdout, "FAIL\t%s [build failed]\n", path)
	return err
}

func version() string {
	if version := os.Getenv("VERSION"); version != "" {
		return version
	}
	return "devel"
}
