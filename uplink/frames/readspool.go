package frames

import (
	"errors"
	"io"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// ReadSpool tells of every frame that is kept of a source in a spool directory
// and not confirmed, in order. It takes no lock. The frame is valid until heard
// returns; an error that it returns ends the reading and is returned.
func ReadSpool(dir string, uuid capture.UUID, heard func(*Located) error) error {
	r, err := spool.OpenReader(dir, uuid)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := tell(uuid, e, heard); err != nil {
			return err
		}
	}
}

func tell(uuid capture.UUID, e spool.Entry, heard func(*Located) error) error {
	defer e.Batch.Release()
	place := *e.Place
	place.SameBoot = false // there is no track but the one that was kept
	c := Chunk{batch: e.Batch, first: Seq(e.First), place: &place, late: true}
	l := c.Locator(uuid, nil, false)
	for i := range c.Len() {
		f := l.Locate(i)
		if err := heard(&f); err != nil {
			return err
		}
	}
	return nil
}
