//go:build lite

package configs_test

import (
	"testing"

	"github.com/sensord/sensord/configs"
)

func TestLiteBuildHasNoServerOfItsOwn(t *testing.T) {
	machine(t)
	flags := radio()
	flags.Bus = "embedded"
	_, err := configs.FromFlags(flags, nil)
	const want = `--bus: this build has no server of its own for "embedded"; use the full build of sensord, or let this one join a server: bus: nats://HOST`
	if err == nil || err.Error() != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
}
