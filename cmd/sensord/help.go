package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// textWidth is how wide help text may be.
const textWidth = 100

// help prints a command's help as a result.
func (a *app) help(cmd *cobra.Command, _ []string) {
	_, _ = fmt.Fprint(a.out, helpText(cmd))
}

// helpCommand is "help [COMMAND or TOPIC]".
func (a *app) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Explain a command, or a topic",
		Long:  "Explain a command, or a topic; `sensord help` lists both.",
		RunE: func(cmd *cobra.Command, args []string) error {
			target, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usageError(strings.Join(args, " "), "see `sensord help`", "there is no such command or topic")
			}
			_, err = fmt.Fprint(a.out, helpText(target))
			return err
		},
	}
}

// helpText teaches a command: what it is for, examples, then the flags, those
// of Kismet apart from ours.
func helpText(cmd *cobra.Command) string {
	var b strings.Builder
	b.WriteString(cmd.Long + "\n")
	if cmd.Runnable() {
		b.WriteString("\nUsage:\n  " + useLine(cmd) + "\n")
		if cmd.HasSubCommands() {
			b.WriteString("  " + cmd.CommandPath() + " COMMAND [flags]\n")
		}
	}
	if cmd.Example != "" {
		b.WriteString("\nExamples:\n" + cmd.Example + "\n")
	}
	for _, group := range []string{groupKismet, groupOurs} {
		writeFlags(&b, cmd.Flags(), group)
	}
	writeCommands(&b, "Commands", cmd, (*cobra.Command).IsAvailableCommand)
	writeCommands(&b, "Topics", cmd, (*cobra.Command).IsAdditionalHelpTopicCommand)
	if cmd.HasSubCommands() {
		b.WriteString("\nExit status: 0 ok, 1 failed while running, 2 usage or configuration, 3 something was not confirmed,\n" +
			"4 cannot connect, 5 login, 6 rejected by the server, 7 a source cannot be read.\n" +
			"`sensord help COMMAND` says more about a command or a topic.\n")
	}
	return b.String()
}

func useLine(cmd *cobra.Command) string {
	if cmd.HasParent() {
		return cmd.Parent().CommandPath() + " " + cmd.Use
	}
	return cmd.Use
}

// writeFlags lists a group's flags with their meaning beside them.
func writeFlags(b *strings.Builder, fs *pflag.FlagSet, group string) {
	var names, meanings []string
	width := 0
	fs.SortFlags = false // in the order of their definition
	fs.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || !slices.Contains(f.Annotations[groupAnnotation], group) {
			return
		}
		name, meaning := describeFlag(f)
		names, meanings = append(names, name), append(meanings, meaning)
		width = max(width, len(name))
	})
	if len(names) == 0 {
		return
	}
	b.WriteString("\n" + group + ":\n")
	for i, name := range names {
		writeEntry(b, name, width, meanings[i])
	}
}

// describeFlag returns a flag as it is typed, and its meaning. The word in
// back quotes is the value's name.
func describeFlag(f *pflag.Flag) (name, meaning string) {
	value, meaning := pflag.UnquoteUsage(f)
	name = "    --" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", --" + f.Name
	}
	switch {
	case f.Value.Type() == "bool":
	case f.NoOptDefVal == bare:
		name += "[=" + value + "]"
	default:
		name += " " + value
	}
	return name, meaning
}

func writeCommands(b *strings.Builder, title string, cmd *cobra.Command, which func(*cobra.Command) bool) {
	const width = 12
	began := false
	for _, c := range cmd.Commands() {
		if !which(c) || c.Hidden {
			continue
		}
		if !began {
			b.WriteString("\n" + title + ":\n")
			began = true
		}
		writeEntry(b, c.Name(), width, c.Short)
	}
}

// writeEntry writes a name and its meaning, wrapped in a column of its own.
func writeEntry(b *strings.Builder, name string, width int, meaning string) {
	line := fmt.Sprintf("  %-*s  ", width, name)
	indent := strings.Repeat(" ", len(line))
	empty := true
	for word := range strings.FieldsSeq(meaning) {
		if !empty && len(line)+1+len(word) > textWidth {
			b.WriteString(line + "\n")
			line, empty = indent, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}
