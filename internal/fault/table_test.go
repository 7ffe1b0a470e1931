package fault_test

import (
	"slices"
	"testing"

	"github.com/sensord/sensord/internal/fault"
)

func TestEveryCodeHasRemedyAndStatus(t *testing.T) {
	codes := fault.Codes()
	if len(codes) == 0 || !slices.IsSorted(codes) {
		t.Errorf("codes %q", codes)
	}
	for _, code := range codes {
		err := fault.Newf(code, "thing", "cause")
		if code.Remedy() == "" {
			t.Errorf("%s has no remedy", code)
		}
		if status := fault.Exit(err); status < fault.ExitFailed || status > fault.ExitRadio {
			t.Errorf("%s has status %d", code, status)
		}
	}
}
