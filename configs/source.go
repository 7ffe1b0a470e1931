package configs

import (
	"errors"
	"strconv"
	"strings"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/pcapfile"
)

// sources settles the datasources: at least one, no two with one UUID.
func (l *loader) sources(d *draft) []Source {
	if len(d.sources) == 0 {
		l.missingSource()
		return nil
	}
	owners, radios := make(map[capture.UUID]sourceDraft), make(map[string]sourceDraft)
	monitors := make(map[string]sourceDraft)
	var sources []Source
	for _, sd := range d.sources {
		s, ok := l.source(&sd)
		if !ok {
			continue
		}
		l.metaSource(d, &sd, s.Definition)
		radio := l.radioOf(s.Definition)
		if other, taken := radios[radio]; taken && s.Type == capture.TypeLinuxWifi {
			l.wrong(sd.from, sd.path, "keep one of the two", "%s captures from the radio of %s, and a radio is tuned to one channel at a time", sd.label(), other.place())
			continue
		}
		if other, taken := owners[s.UUID]; taken && !s.UUID.IsZero() {
			l.wrong(sd.from, sd.path, "keep one, or give one of them another uuid=",
				"%s has the UUID of %s, %s, and a server keeps one source per UUID", sd.label(), other.place(), s.UUID)
			continue
		}
		if s.Type == capture.TypeLinuxWifi && l.sharesMonitor(&sd, s.Definition, monitors) {
			continue
		}
		path := "sources[" + strconv.Itoa(len(sources)) + "]"
		owners[s.UUID] = sd
		sources = append(sources, s)
		l.settle(path, s.Definition.String(), sd.from)
		if s.Type != capture.TypeLinuxWifi {
			l.settle(path+".uuid", s.UUID.String(), sd.from)
			continue
		}
		radios[radio] = sd
		if s.UUID.IsZero() {
			l.settle(path+".uuid", "made of the MAC address of "+s.Definition.Interface+", when it is there", sd.from)
		} else {
			l.settle(path+".uuid", s.UUID.String(), sd.from)
		}
		l.settleRadio(path, &s, &sd)
	}
	return sources
}

// radioOf names the radio that a definition means: its phy, which may have
// several interfaces, or the interface while that is not there.
func (l *loader) radioOf(def capture.Definition) string {
	if phy := l.interfacePhy(def.Interface); phy != "" {
		return "phy/" + phy // no interface has a slash in its name
	}
	return def.Interface
}

// sharesMonitor refuses a radio whose monitor interface is another source's,
// by the names of both in monitors, to which it adds its own.
func (l *loader) sharesMonitor(sd *sourceDraft, def capture.Definition, monitors map[string]sourceDraft) bool {
	names := []string{def.Interface}
	if vif, _ := def.Get("vif"); vif != "" && vif != def.Interface {
		names = append(names, vif)
	}
	for _, name := range names {
		if other, taken := monitors[name]; taken {
			l.wrong(sd.from, sd.path, "give each radio a monitor interface of its own with vif=, or leave vif= out",
				"%s and %s both use the interface %s", sd.label(), other.place(), name)
			return true
		}
	}
	for _, name := range names {
		monitors[name] = *sd
	}
	return false
}

func (l *loader) missingSource() {
	switch {
	case l.file == "":
		l.wrong(fromFlag("--source"), "", "add --source INTERFACE, or --source FILE.pcap", "no source is named")
	case !l.blamedAt("", "sources") && !l.blamed("sources"):
		l.wrong(l.origin(), "sources", "add sources: [{interface: wlan1}], or the name of a pcap file", "no source is named")
	}
}

// label names a source in messages as its user wrote it.
func (s *sourceDraft) label() string {
	if s.definition.given() {
		return quote(s.definition.value)
	}
	return quote(s.iface.value)
}

// place names where a source stands, for messages about another one.
func (s *sourceDraft) place() string {
	if s.path == "" {
		return s.label()
	}
	return s.path + " (" + s.label() + ")"
}

func (l *loader) source(sd *sourceDraft) (Source, bool) {
	before := len(l.errs)
	def, ok := l.definition(sd)
	if !ok {
		return Source{}, false
	}
	s := Source{Name: def.Interface, Definition: def, Type: l.sourceType(sd, def)}
	refused := len(l.errs) > before
	if name, _ := def.Get("name"); name != "" {
		s.Name = name
	}
	l.unknownOptions(sd, def)
	switch {
	case refused: // of what it was meant to be, nothing more can be said
	case s.Type == capture.TypePcapFile:
		if _, err := pcapfile.ParseOptions(def); err != nil {
			l.wrongSource(sd, err)
		}
		l.noRadio(sd)
	case s.Type == capture.TypeLinuxWifi:
		l.radio(sd, &s)
	}
	uuid, given, err := def.UUID()
	switch {
	case err != nil:
		l.wrongSource(sd, err)
	case given:
		s.UUID = uuid
	case s.Type == capture.TypeLinuxWifi:
		s.UUID = l.radioUUID(def)
	default:
		s.UUID = capture.FileUUID(def.Interface)
	}
	return s, len(l.errs) == before
}

// wrongSource notes what a package that knows sources says of a definition.
func (l *loader) wrongSource(sd *sourceDraft, err error) {
	right := "see `sensord help sources`"
	var advised interface{ Remedy() string }
	if errors.As(err, &advised) && advised.Remedy() != "" {
		right = advised.Remedy()
	}
	what := err.Error()
	if cause := errors.Unwrap(err); cause != nil {
		what = cause.Error() // without the object, which stands in front
	}
	l.wrong(sd.from, sd.path, right, "%s: %s", sd.label(), what)
}

// definition makes a definition of what was written, in either form.
func (l *loader) definition(sd *sourceDraft) (capture.Definition, bool) {
	switch {
	case l.blamed(join(sd.path, "interface"), join(sd.path, "definition")) && sd.path != "":
		return capture.Definition{}, false
	case sd.definition.given() && (sd.iface.given() || sd.name.given() || sd.kind.given() || len(sd.options) > 0):
		l.wrong(sd.definition.from, join(sd.path, "definition"), "keep the definition, or write interface, name, type and options", "it says all of the source, and more stands beside it")
		return capture.Definition{}, false
	case sd.definition.given():
		def, err := capture.ParseDefinition(sd.definition.value)
		if err != nil {
			l.wrongSource(sd, err)
		}
		return def, err == nil
	case !sd.iface.given():
		if !l.blamedAt(sd.path, "interface", "definition") {
			l.wrong(sd.from, sd.path, "add interface: wlan1, or the name of a pcap file", "the source names no interface and no file")
		}
		return capture.Definition{}, false
	}
	return l.assemble(sd)
}

// assemble makes a definition of its parts, and proves that it can be written
// as text and read back, as it has to travel to the server.
func (l *loader) assemble(sd *sourceDraft) (capture.Definition, bool) {
	before := len(l.errs)
	def := capture.Definition{Interface: sd.iface.value}
	if !l.travels(def) {
		l.wrong(sd.iface.from, join(sd.path, "interface"), "rename the file, or make a link to it", "%s cannot stand in a source definition, which has no colon and no control character", quote(sd.iface.value))
	}
	options := sd.options
	if sd.name.given() {
		options = append([]optionDraft{{name: "name", value: sd.name, from: sd.name.from}}, options...)
	}
	for _, o := range options {
		path := join(join(sd.path, "options"), o.name)
		one := capture.Definition{Interface: "x", Options: []capture.Option{{Name: o.name, Value: o.value.value}}}
		_, twice := def.Get(o.name)
		switch {
		case o.name == "type" && sd.kind.given(), o.name == "name" && twice:
			l.wrong(o.from, path, "keep one of the two", "it is written beside the options too")
		case !l.travels(one):
			l.wrong(o.from, path, "use letters and digits in the name, and no double quote in the value", "option %s=%s cannot stand in a source definition", o.name, quote(o.value.value))
		default:
			def.Options = append(def.Options, one.Options...)
		}
	}
	return def, len(l.errs) == before
}

func (l *loader) travels(def capture.Definition) bool {
	back, err := capture.ParseDefinition(def.String())
	return err == nil && back.Interface == def.Interface && back.String() == def.String() && len(back.Options) == len(def.Options)
}

// kindWritten is the type that somebody wrote, or that the program's name says.
func (s *sourceDraft) kindWritten(def capture.Definition) string {
	value, _ := def.Get("type")
	switch {
	case s.forced != "":
		return s.forced
	case s.kind.given():
		return strings.ToLower(s.kind.value)
	}
	return strings.ToLower(value)
}

// sourceType settles the type, and refuses what this version cannot capture.
func (l *loader) sourceType(sd *sourceDraft, def capture.Definition) string {
	from, written := sd.from, sd.kindWritten(def)
	if sd.forced == "" && sd.kind.given() {
		from = sd.kind.from
	}
	kind := written
	if kind == "" {
		kind = capture.SourceType(def, l.fileExists, l.interfaceExists)
	}
	there := interfaceName(def.Interface) && l.interfaceExists(def.Interface)
	switch {
	case kind == capture.TypePcapFile && written != "":
	case !there && l.directoryExists(def.Interface):
		l.wrong(from, sd.path, "name a capture file inside of it", "%s is a directory", sd.label())
	case kind == capture.TypePcapFile:
	case kind == capture.TypeLinuxWifi && !there && l.fileExists(def.Interface):
		right := "leave the type out"
		if sd.forced != "" {
			right = "call the program sensord, which takes both, or " + capture.ToolPcapFile
		}
		l.wrong(from, sd.path, right, "%s is a file, and type linuxwifi is a radio", sd.label())
	case kind == capture.TypeLinuxWifi && !interfaceName(def.Interface):
		l.wrong(from, sd.path, "see `sensord list` for the radios of this machine", "%s: there is no such file, and no interface can have this name", sd.label())
	case kind == capture.TypeLinuxWifi:
	default:
		if near := Nearest(kind, []string{capture.TypePcapFile, capture.TypeLinuxWifi}); near != "" {
			l.wrong(from, sd.path, "did you mean type="+near+"?", "%s: unknown type %s", sd.label(), quote(kind))
			break
		}
		l.wrong(from, sd.path, "name a Wi-Fi interface, or a pcap or pcapng file", "%s: this version does not capture type %s; it captures from radios (linuxwifi) and files (pcapfile)", sd.label(), quote(kind))
	}
	return kind
}

// unknownOptions notes options that nobody reads: in a file they are mistakes,
// on the command line warnings, because Kismet's tools take any.
func (l *loader) unknownOptions(sd *sourceDraft, def capture.Definition) {
	for _, u := range def.UnknownOptions() {
		right := "see `sensord help sources` for the options"
		if u.Near != "" {
			right = "did you mean " + u.Near + "?"
		}
		if sd.from.layer == layerFlag {
			l.warn(sd.from, "", right, "%s: unknown option %s", sd.label(), quote(u.Name))
			continue
		}
		from := sd.from
		for _, o := range sd.options {
			if o.name == u.Name {
				from = o.from
			}
		}
		l.wrong(from, sd.path, right, "unknown option %s", quote(u.Name))
	}
}
