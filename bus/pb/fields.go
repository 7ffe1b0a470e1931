package pb

// What each message has that has bounds. Numbers of their own kind that cannot
// be wrong, as counters, have none.

func (m *Head) bound(b *bound) {
	if m == nil {
		return
	}
	b.token("fleet", m.Fleet, MaxToken)
	b.token("rig", m.Rig, MaxToken)
	b.token("rig_id", m.RigId, MaxToken)
	b.clock("sent_ns", &m.SentNs)
	b.text("version", &m.Version, MaxName)
	b.boot("boot_ns", &m.BootNs)
}

// A spot is the fields that Position, MetaGPS and Place have in common.
type spot struct {
	lat, lon, alt, speed, course, accuracy **float64
	timeNs, ageNs                          *int64
	by                                     *string
}

func (m *Position) spot() spot {
	return spot{&m.Lat, &m.Lon, &m.AltMslM, &m.SpeedMps, &m.CourseDeg, &m.AccuracyM, &m.TimeNs, &m.AgeNs, &m.By}
}

func (m *MetaGPS) spot() spot {
	return spot{&m.Lat, &m.Lon, &m.AltMslM, &m.SpeedMps, &m.CourseDeg, &m.AccuracyM, &m.TimeNs, &m.AgeNs, &m.By}
}

func (m *Place) spot() spot {
	return spot{&m.Lat, &m.Lon, &m.AltMslM, &m.SpeedMps, &m.CourseDeg, &m.AccuracyM, &m.TimeNs, &m.AgeNs, &m.By}
}

func (s spot) bound(b *bound) {
	b.degrees("lat", *s.lat, 90)
	b.degrees("lon", *s.lon, 180)
	b.maybe("alt_msl_m", s.alt, minAltM, maxAltM)
	b.maybe("speed_mps", s.speed, 0, maxSpeedMPS)
	b.maybe("course_deg", s.course, 0, 360)
	b.maybe("accuracy_m", s.accuracy, 0, maxAccuracyM)
	b.measured("time_ns", s.timeNs)
	b.age("age_ns", s.ageNs)
	b.text("by", s.by, MaxName)
}

// follows are rigs, of which none may be cut off: a rig that does not find
// itself there follows itself.
func (b *bound) follows(l []string) {
	if len(l) > MaxFollows {
		b.fail("%d rigs are followed, more than %d", len(l), MaxFollows)
	}
	for _, rig := range l {
		b.needed("a rig that is followed", rig != "")
		b.token("follows", rig, MaxToken)
	}
}

func (m *Position) bound(b *bound) {
	m.Head.bound(b)
	m.spot().bound(b)
	b.follows(m.Follows)
}

func (m *MetaGPS) bound(b *bound) {
	m.Head.bound(b)
	m.spot().bound(b)
	b.follows(m.Follows)
	b.token("name", m.Name, MaxToken)
}

func (m *Status) bound(b *bound) {
	m.Head.bound(b)
	b.text("name", &m.Name, MaxName)
	b.needed("state", m.State != "")
	b.text("state", &m.State, MaxName)
	b.text("sentence", &m.Sentence, MaxText)
	b.clock("started_ns", &m.StartedNs)
	b.number("uptime_s", &m.UptimeS, maxSeconds)
	b.number("every_s", &m.EveryS, maxSeconds)
	list(b, "problems", &m.Problems, MaxProblems)
	for _, p := range m.Problems {
		p.bound(b)
	}
	list(b, "sources", &m.Sources, MaxSources)
	for _, s := range m.Sources {
		s.bound(b)
	}
	list(b, "receivers", &m.Receivers, MaxReceivers)
	for _, r := range m.Receivers {
		r.bound(b)
	}
	if m.Place != nil {
		m.Place.spot().bound(b)
	}
	if m.Clock != nil {
		b.text("clock.source", &m.Clock.Source, MaxName)
		b.maybe("system_offset_s", &m.Clock.SystemOffsetS, -maxSeconds*10, maxSeconds*10)
		b.maybe("system_error_s", &m.Clock.SystemErrorS, 0, maxSeconds*10)
	}
	b.token("domain", m.Domain, MaxDomain)
	list(b, "servers", &m.Servers, MaxServers)
	for _, s := range m.Servers {
		s.bound(b)
	}
}

func (m *Source) bound(b *bound) {
	if m == nil {
		return
	}
	for _, t := range []struct {
		name string
		s    *string
	}{
		{"source.name", &m.Name},
		{"source.type", &m.Type},
		{"source.uuid", &m.Uuid},
		{"source.capture", &m.Capture},
		{"source.channel", &m.Channel},
		{"source.hop_mode", &m.HopMode},
		{"source.link_state", &m.LinkState},
		{"source.protocol", &m.Protocol},
	} {
		b.text(t.name, t.s, MaxName)
	}
	b.text("source.server", &m.Server, MaxText)
	b.number("hops_per_s", &m.HopsPerS, maxRate)
	b.maybe("captured_per_s", &m.CapturedPerS, 0, maxRate)
	b.maybe("sent_per_s", &m.SentPerS, 0, maxRate)
	b.maybe("acknowledged_per_s", &m.AcknowledgedPerS, 0, maxRate)
	b.maybe("dropped_per_s", &m.DroppedPerS, 0, maxRate)
	b.maybe("round_trip_s", &m.RoundTripS, 0, maxSeconds)
	b.maybe("oldest_unsent_s", &m.OldestUnsentS, 0, maxSeconds)
	b.maybe("silent_s", &m.SilentS, 0, maxSeconds)
	m.Problem.bound(b)
}

func (m *Receiver) bound(b *bound) {
	if m == nil {
		return
	}
	b.text("receiver.name", &m.Name, MaxName)
	b.text("receiver.type", &m.Type, MaxName)
	b.text("receiver.state", &m.State, MaxName)
	b.maybe("receiver.accuracy_m", &m.AccuracyM, 0, maxAccuracyM)
	b.maybe("receiver.age_s", &m.AgeS, 0, maxSeconds)
	b.maybe("receiver.rate_hz", &m.RateHz, 0, maxRate)
	m.Problem.bound(b)
}

func (m *Problem) bound(b *bound) {
	if m == nil {
		return
	}
	b.text("problem.source", &m.Source, MaxName)
	b.text("problem.code", &m.Code, MaxName)
	b.text("problem.object", &m.Object, MaxText)
	b.text("problem.error", &m.Error, MaxText)
	b.text("problem.remedy", &m.Remedy, MaxText)
}

func (m *Server) bound(b *bound) {
	if m == nil {
		return
	}
	b.text("server.name", &m.Name, MaxName)
	b.text("server.address", &m.Address, MaxText)
}

func (m *Event) bound(b *bound) {
	m.Head.bound(b)
	b.clock("time_ns", &m.TimeNs)
	b.age("age_ns", &m.AgeNs)
	b.text("code", &m.Code, MaxName)
	b.needed("text", m.Text != "")
	b.text("text", &m.Text, MaxText)
	b.text("source", &m.Source, MaxName)
	b.text("object", &m.Object, MaxText)
	b.text("remedy", &m.Remedy, MaxText)
	b.details(&m.Details)
}

func (m *Claim) bound(b *bound) {
	m.Head.bound(b)
	b.needed("uuid", m.Uuid != "")
	b.token("uuid", m.Uuid, MaxToken)
	b.text("source", &m.Source, MaxName)
	b.clock("since_ns", &m.SinceNs)
	b.age("held_ns", &m.HeldNs)
	b.text("mode", &m.Mode, MaxName)
}
