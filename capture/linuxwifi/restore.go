package linuxwifi

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// undoTimeout bounds how long putting a radio back may take.
const undoTimeout = 15 * time.Second

// Restore puts back what killed runs changed, as their state files in stateDir
// say. It leaves alone what running processes hold and what is of another
// network namespace. Call it at the start; Open does it for its own radio.
//
// It returns *fault.Error, joined, for what could not be put back; that stays
// written down for the next time. A nil log discards.
func Restore(ctx context.Context, stateDir string, log *slog.Logger) error {
	names, err := savedInterfaces(stateDir)
	if err != nil || len(names) == 0 {
		return err
	}
	m, err := newMachine()
	if err != nil {
		return err
	}
	return errors.Join(restoreAll(ctx, m, stateDir, names, log), m.Close())
}

func restoreAll(ctx context.Context, m *machine, dir string, names []string, log *slog.Logger) error {
	var errs []error
	for _, name := range names {
		errs = append(errs, restoreOne(ctx, m, dir, name, orDiscard(log)))
	}
	return errors.Join(errs...)
}

func restoreOne(ctx context.Context, m *machine, dir, name string, log *slog.Logger) error {
	st, err := m.openStore(dir, name)
	if errors.Is(err, errLocked) {
		return nil
	}
	if err != nil {
		return newFault(fault.RadioDriver, name, "", "open state file: %w", err)
	}
	j := newJournal(st, name, m.boot, log)
	_, err = j.recover(ctx, m)
	return errors.Join(err, st.Close())
}

func newJournal(st store, name, boot string, log *slog.Logger) *journal {
	return &journal{store: st, log: log, state: state{Version: stateVersion, Boot: boot, Interface: name}}
}

// recover puts back what an earlier run left, and reports whether there was
// something. What cannot be put back stays in the journal.
func (j *journal) recover(ctx context.Context, m *machine) (bool, error) {
	if !j.load(m.boot) {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, undoTimeout)
	defer cancel()
	changes := len(j.state.Changes)
	if err := j.undo(ctx, m); err != nil {
		return true, newFault(codeOf(err), j.state.Interface, "it is tried again at the next start",
			"put back what an earlier run changed: %w", err)
	}
	j.log.Info("radio put back as it was before a run that was killed",
		"radio", j.state.Interface, "changes", changes)
	return true, nil
}

func orDiscard(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}
