package actors

import (
	"errors"
	"fmt"

	"github.com/sensord/sensord/internal/fault"
)

// unrecorded says what is missing in the recording that has ended, nil if there
// is all of it, or none was wanted.
func (s *shared) unrecorded() error {
	if s.recorder == nil {
		return nil
	}
	st := s.recorder.Stats()
	if st.Dropped+st.Waiting == 0 {
		return nil
	}
	e := &fault.Error{
		Code: fault.Incomplete, Object: "recording " + s.cfg.Record.Dir,
		Err:    fmt.Errorf("%d of %d frames were not written", st.Dropped+st.Waiting, st.Frames+st.Dropped+st.Waiting),
		Advice: "the disk took frames more slowly than they came: use a faster one; `sensord export` takes capture files as fast as it can write",
	}
	if why, ok := errors.AsType[*fault.Error](st.Err); ok {
		e.Err = fmt.Errorf("%w: %w", e.Err, why.Err)
		e.Advice = "check the disk and the directory's owner and mode, or name another with --record DIR (record: {dir: DIR})"
	}
	return e
}
