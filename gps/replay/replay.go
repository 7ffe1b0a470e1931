package replay

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/gpsd"
	"github.com/sensord/sensord/gps/nmea"
	"github.com/sensord/sensord/internal/fault"
)

// Options say how a log is read.
type Options struct {
	StartDate  time.Time // the UTC day of its first fix, where it carries none: sentences without RMC and ZDA; zero: unknown
	NoChecksum bool      // take sentences without a checksum, too; a wrong one is refused all the same
}

// window is how far into a log is looked for the first line that says what it
// is, and the longest run without a line end that is read at once.
const window = 256 << 10

// Read tells what is in a log: one gps.Fix for each epoch, in the order of the
// log, and gps.Sky and gps.Notice where they stand, from this goroutine.
// ReceivedNs of a fix is UTC, not CLOCK_BOOTTIME: the stamp of its line, else
// the time of the fix itself, else the last one before it of either, and 0 if
// there was none.
//
// Read ends with nil at the end of the log, with ctx's error, or with the first
// error of tell. What cannot be read is a *fault.Error with code gps.file: it
// says where, and what stands before that was told. Single lines that are
// damaged are no reason to end: the first few are told as gps.Notice with their
// numbers. A log without a single fix, not even an epoch of a receiver that
// still searches, is an error.
func Read(ctx context.Context, r io.Reader, o Options, tell func(gps.Event) error) error {
	l := &log{ctx: ctx, o: o, tell: tell}
	err := l.open(r)
	if err == nil {
		err = l.read()
	}
	if l.stopped != nil {
		return l.stopped
	}
	if err == nil && l.fixes == 0 {
		return &fault.Error{Code: fault.GPSFile, Object: object(r), Err: l.nothing(), Advice: l.advice()}
	}
	return fault.New(fault.GPSFile, object(r), err)
}

// object names a log in errors, if it is a file.
func object(r io.Reader) string {
	if f, ok := r.(interface{ Name() string }); ok {
		return "replay " + f.Name()
	}
	return "replay"
}

// readFile is Read for a file.
func readFile(ctx context.Context, name string, o Options, tell func(gps.Event) error) error {
	f, err := os.Open(name)
	if err != nil {
		if p, ok := errors.AsType[*os.PathError](err); ok {
			err = p.Err
		}
		return fault.New(fault.GPSFile, "replay "+name, err)
	}
	defer f.Close()
	return Read(ctx, f, o, tell)
}

// A log is one while it is read.
type log struct {
	ctx  context.Context
	o    Options
	tell func(gps.Event) error

	in      *bufio.Reader
	nmea    *nmea.Decoder
	gpsd    *gpsd.Decoder
	choice  choice
	reports int   // of gpsd
	inLine  bool  // the next chunk goes on with the line at hand
	line    int   // number of the line at hand, from 1
	stampNs int64 // when the line at hand arrived, UTC; 0 if it does not say so
	lastNs  int64 // the newest time that a stamp or a fix had, UTC
	fixes   int
	stopped error // tell's or ctx's

	damaged     int
	lastDamaged int // its line
}

// open looks into a log, through its compression, for what it is.
func (l *log) open(r io.Reader) error {
	l.in = bufio.NewReaderSize(r, window)
	if magic, _ := l.in.Peek(2); string(magic) == "\x1f\x8b" {
		unpacked, err := gzip.NewReader(l.in)
		if err != nil {
			return err
		}
		l.in = bufio.NewReaderSize(unpacked, window)
	}
	// What can be read before an error may be enough to begin with: reading
	// meets the error again.
	head, err := l.head(r)
	if detect(head) == unknown {
		return l.strange(head, err)
	}
	return nil
}

// head returns the beginning of a log: all of the window, but of a log that is
// still being written into a pipe no more than says what it is.
func (l *log) head(r io.Reader) ([]byte, error) {
	if f, ok := r.(*os.File); ok && !regular(f) {
		for seen := 0; l.in.Buffered() < window; {
			head, _ := l.in.Peek(l.in.Buffered())
			whole := bytes.LastIndexByte(head, '\n') + 1
			if whole > seen && detect(head[seen:whole]) != unknown {
				return head[:whole], nil
			}
			seen = max(seen, whole)
			if _, err := l.in.Peek(len(head) + 1); err != nil {
				break // and the whole window meets it, too
			}
		}
	}
	return l.in.Peek(window)
}

func regular(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}

// strange says what is wrong with a log that begins like none.
func (l *log) strange(head []byte, err error) error {
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return l.where(err)
	case len(head) == 0:
		return errors.New("it is empty")
	case len(head) == window:
		return fmt.Errorf("no NMEA sentence and no report of gpsd in its first %d kB", window>>10)
	}
	return errors.New("no NMEA sentence and no report of gpsd in it")
}

func (l *log) read() error {
	l.decoders()
	for {
		if l.stopped = cmp.Or(l.stopped, l.ctx.Err()); l.stopped != nil {
			return l.stopped
		}
		chunk, err := l.in.ReadSlice('\n')
		if len(chunk) > 0 {
			l.line++
			l.take(chunk, errors.Is(err, bufio.ErrBufferFull))
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			l.line-- // there is more of it
			continue
		}
		if err == nil {
			continue
		}
		l.end()
		l.tellDamage()
		if errors.Is(err, io.EOF) {
			return nil
		}
		return l.where(err)
	}
}

// where says how far a log could be read.
func (l *log) where(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("it is cut off there")
	}
	if path, ok := errors.AsType[*os.PathError](err); ok {
		err = path.Err // the object says which
	}
	if errors.Is(err, syscall.EISDIR) {
		return errors.New("it is a directory")
	}
	return fmt.Errorf("after line %d: %w", l.line, err)
}

// event hands on what a decoder tells, with the times of the log.
func (l *log) event(e gps.Event) {
	if l.stopped != nil {
		return
	}
	if f, ok := e.(gps.Fix); ok {
		l.fixes++
		if f.ReceivedNs&unstamped != 0 {
			if f.TimeNs != 0 {
				l.lastNs = f.TimeNs
			}
			f.ReceivedNs = l.lastNs
		}
		e = f
	}
	l.stopped = l.tell(e)
}

// unstamped is the bit of a time of arrival that says that its line had no
// stamp. A fix is told with some later line: its own time of arrival has to say
// which kind it is of.
const unstamped = 1

// now is the time of the line at hand, as far as it is known: UTC.
func (l *log) now() int64 {
	if l.stampNs != 0 {
		return l.stampNs &^ unstamped
	}
	return l.lastNs | unstamped
}

// maxDamage is how many damaged lines are told one by one.
const maxDamage = 10

func (l *log) damage(why string) {
	l.damaged++
	l.lastDamaged = l.line
	if l.damaged <= maxDamage {
		l.event(gps.Notice{Text: fmt.Sprintf("line %d: %s", l.line, why)})
	}
}

func (l *log) tellDamage() {
	if more := l.damaged - maxDamage; more > 0 {
		l.event(gps.Notice{Text: fmt.Sprintf("%d more lines are damaged, the last is line %d", more, l.lastDamaged)})
	}
}

// nothing says why there is no fix in a log that was read to its end.
func (l *log) nothing() error {
	if l.damaged > 0 {
		return fmt.Errorf("no fix in it: %s, the last damaged line is %d", l.says(), l.lastDamaged)
	}
	return fmt.Errorf("no fix in it: %s", l.says())
}

// advice is what to do with a log that was refused for its checksums, or "".
func (l *log) advice() string {
	if l.nmea == nil || l.nmea.Counts().BadChecksum == 0 || !l.choice.counts(sentence) || l.o.NoChecksum {
		return ""
	}
	return "if its sentences end without *, and two digits, take them with checksum: optional (checksum=optional with --gps); else copy it again"
}
