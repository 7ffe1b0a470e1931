package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
)

// reported is an error that was already told: only its exit status is left.
type reported struct{ status int }

func (e reported) Error() string { return fmt.Sprintf("exit status %d", e.status) }

// usageError is a command line that cannot be.
func usageError(object, advice, format string, args ...any) error {
	return &fault.Error{Code: fault.ConfigInvalid, Object: object, Err: fmt.Errorf(format, args...), Advice: advice}
}

// finish tells how the run ended and returns the exit status.
func (a *app) finish(err error) int {
	if err == nil {
		return fault.ExitOK
	}
	if done, ok := errors.AsType[reported](err); ok {
		return done.status
	}
	text, status := errorText(err), fault.Exit(err)
	if !a.daemon.failed(status, text) {
		_, _ = fmt.Fprint(a.errs, text)
	}
	return status
}

// errorText writes an error as people read it: a line that says what happened
// to what, and why; below it, indented, what to do.
func errorText(err error) string {
	var b strings.Builder
	if problems, ok := errors.AsType[configs.Errors](err); ok {
		for _, p := range problems {
			writeLines(&b, "sensord: ", p.Where()+": "+p.What, p.Right)
		}
		return b.String()
	}
	writeLines(&b, "sensord: ", err.Error(), fault.RemedyOf(err))
	return b.String()
}

func warningText(w configs.Warning) string {
	var b strings.Builder
	p := configs.Problem(w)
	writeLines(&b, "sensord: warning: ", p.Where()+": "+p.What, p.Right)
	return b.String()
}

func writeLines(b *strings.Builder, prefix, what, remedy string) {
	b.WriteString(prefix + what + "\n")
	if remedy != "" {
		b.WriteString("  " + remedy + "\n")
	}
}

// flagError says what is wrong with a flag, with the near name for a mistyping.
func flagError(flags *pflag.FlagSet, command string, err error) error {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return usageError("", "see `"+command+" --help`", "%w", err)
	}
	name := unknown.GetSpecifiedName()
	advice := "see `" + command + " --help`"
	var names []string
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	switch near := configs.Nearest(name, names); {
	case name == "config" && command == "sensord":
		advice = "write `sensord run --config FILE`"
	case near != "":
		advice = "did you mean --" + near + "?"
	}
	dashes := "--"
	if unknown.GetSpecifiedShortnames() != "" {
		dashes = "-"
	}
	return usageError(dashes+name, advice, "unknown flag")
}
