package actors

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismet"
)

// liveOpened goes on with a radio that is there, or there again.
func (s *source) liveOpened(ctx actor.Context) {
	for _, note := range s.details.Notes { // the log has them from the radio
		s.tellServer(ctx, kismet.Text{Severity: kismet.Info, Text: s.state.cfg.Name + ": " + note})
	}
	s.lost = ""
	if s.lossTold {
		s.lossTold = false
		s.log.Info("the radio is back")
		s.tellServer(ctx, kismet.Text{Severity: kismet.Info, Text: s.state.cfg.Name + ": the radio is back"})
	}
	if s.hopper == nil {
		rig := ctx.Parent()
		s.hopper = spawn(ctx, "hopper", s.rig.props(func() actor.Actor { return newHopper(s.state, s.rig, rig) }))
		return // it looks for the radio by itself
	}
	ctx.Send(s.hopper, RadioReady{})
}

// Another program that hops over the same radio gives a notice every second,
// and one that keeps setting its interface up as many losses as there are
// attempts to open it.
const (
	noticeEvery = time.Minute // the same kind of notice is told
	maxLosses   = 5           // are told in noticeEvery
)

// noticed passes on what happened to the radio. What may be tuned, or is, has
// changed by that.
func (s *source) noticed(ctx actor.Context, n linuxwifi.Notice) {
	if now := time.Now(); now.Sub(s.noticedAt[n.Kind]) >= noticeEvery {
		s.noticedAt[n.Kind] = now
		s.log.Info("the radio goes on", "notice", n.Text)
		s.tellServer(ctx, kismet.Text{Severity: kismet.Info, Text: s.state.cfg.Name + ": " + n.Text})
	}
	if n.Kind != linuxwifi.NoticeRenamed && s.hopper != nil {
		ctx.Send(s.hopper, RadioReady{Anew: true})
	}
}

// radioLost says, once for each reason, that there is no radio. The source and
// its link stay: the server hears that it waits.
func (s *source) radioLost(ctx actor.Context, err error) {
	s.granted = 0 // the radio gives back what it had
	code := codeOr(err, fault.RadioDriver)
	level := slog.LevelDebug
	absent := s.lost == fault.RadioGone && code == fault.RadioMissing // as it was said
	if code != s.lost && !absent && s.mayTellLoss(time.Now()) {
		level = slog.LevelWarn
		s.lossTold = true
	}
	why := []any{"err", err, "code", code, "remedy", fault.RemedyOf(err)}
	if s.opened {
		s.log.Log(context.Background(), level, "the radio is lost, and opened again when it is back", why...)
	} else {
		s.log.Log(context.Background(), level, "the radio cannot be opened yet", why...)
	}
	if level == slog.LevelWarn {
		s.tellServer(ctx, kismet.Text{Severity: kismet.Error, Text: s.state.cfg.Name + ": " + err.Error()})
	}
	if !absent {
		s.lost = code
	}
	s.state.setCapture(CaptureWaiting)
	s.state.radioErr.Store(&err)
	if s.hopper != nil {
		ctx.Send(s.hopper, RadioAway{})
	}
}

// mayTellLoss counts the losses of the last while.
func (s *source) mayTellLoss(now time.Time) bool {
	if now.Sub(s.lossesSince) >= noticeEvery {
		s.lossesSince, s.losses = now, 0
	}
	s.losses++
	return s.losses <= maxLosses
}

// tellServer sends a line to whatever link there is.
func (s *source) tellServer(ctx actor.Context, m kismet.Message) {
	if s.uplink != nil {
		ctx.Send(s.uplink, ServerTold{Message: m})
	}
}

// asked answers a request of the server, or has the hopper do so.
func (s *source) asked(ctx actor.Context, m ServerAsked) {
	switch e := m.Event.(type) {
	case uplink.OpenAsked:
		s.adopt(ctx, e.Definition)
		if s.hopper != nil {
			ctx.Send(s.hopper, Steer{For: m})
			return
		}
		s.reply(ctx, m.Link, s.openReport(e.Seq))
	case uplink.ConfigureAsked:
		if s.hopper != nil {
			ctx.Send(s.hopper, Steer{For: m, Want: &e.Want})
			return
		}
		// A source that cannot tune says so as a success without a channel: a
		// failure would make the server drop it.
		s.reply(ctx, m.Link, kismet.ConfigureReport{Seq: e.Seq, OK: true})
	}
}

func (s *source) reply(ctx actor.Context, link *uplink.Link, m kismet.Message) {
	if s.uplink != nil {
		ctx.Send(s.uplink, ServerAnswer{Link: link, Message: m})
	}
}

func (s *source) openReport(seq uint32) kismet.OpenReport {
	return kismet.OpenReport{
		Seq: seq, OK: true,
		LinkType:         uint32(s.details.LinkType),
		CaptureInterface: s.details.CaptureInterface,
		Hardware:         s.details.Hardware,
		UUID:             s.state.uuid().String(),
		Text:             s.details.Text,
		Version:          s.rig.version,
	}
}

// steered reports to the server what the radio is really tuned to, because it
// asked or because it changed.
func (s *source) steered(ctx actor.Context, m Steered) {
	if e, ok := m.For.Event.(uplink.OpenAsked); ok {
		report := s.openReport(e.Seq)
		report.Channels, report.Channel = m.Channels, m.Channel
		if m.Channel == "" {
			report.Hop = m.Hop
		}
		s.reply(ctx, m.For.Link, report)
		if m.Hop != nil && hopsItself(hopMode(s.state.cfg)) {
			// A 2025 server takes only this for hopping; the one in the OPENREPORT
			// it overlooks, and no hop command of its own follows.
			s.reply(ctx, m.For.Link, kismet.ConfigureReport{OK: true, Hop: m.Hop})
		}
		return
	}
	report := kismet.ConfigureReport{OK: true, Channel: m.Channel, Hop: m.Hop}
	if m.Err != nil {
		report.Text = m.Err.Error()
		s.logTrouble(m.Err)
	}
	if e, ok := m.For.Event.(uplink.ConfigureAsked); ok {
		report.Seq = e.Seq
		s.reply(ctx, m.For.Link, report)
		return
	}
	s.tellServer(ctx, report)
}

// logTrouble says what is wrong with the channel, the same not again and again:
// a server repeats its commands as often as it likes.
func (s *source) logTrouble(err error) {
	level := slog.LevelWarn
	if now := time.Now(); err.Error() != s.trouble || now.Sub(s.troubleAt) >= noticeEvery {
		s.trouble, s.troubleAt = err.Error(), now
	} else {
		level = slog.LevelDebug
	}
	s.log.Log(context.Background(), level, "channel trouble", "err", err, "code", fault.CodeOf(err), "remedy", fault.RemedyOf(err))
}

// pushed are the options that a server adds to what the user wrote: Kismet's
// wardrive mode.
var pushed = []string{"filter_mgmt", "ht_channels", "vht_channels", "default_ht20", "expand_ht20"}

// adopt takes over what the server pushed, where the user set nothing.
func (s *source) adopt(ctx actor.Context, definition string) {
	cfg := s.state.cfg
	if cfg.Type != capture.TypeLinuxWifi || cfg.IgnoreServerOptions {
		return
	}
	theirs, err := capture.ParseDefinition(definition)
	if err != nil {
		s.log.Debug("the server's definition cannot be read", "err", err)
		return
	}
	options := *s.state.options.Load()
	var adopted []string
	for _, name := range pushed {
		if _, mine := cfg.Definition.Get(name); mine {
			continue
		}
		value, given := theirs.Get(name)
		if was, _ := options.Get(name); given && value != was {
			options = options.With(name, value)
			adopted = append(adopted, name+"="+value)
		}
	}
	if len(adopted) == 0 {
		return
	}
	s.state.options.Store(&options)
	s.log.Info("options of the server adopted", "options", adopted, "remedy", "server_options: ignore keeps them off")
	if slices.ContainsFunc(adopted, func(o string) bool { return o[:len("filter_")] == "filter_" }) {
		ctx.Send(s.filter, Refilter{Source: s.state})
	}
	if s.hopper != nil {
		ctx.Send(s.hopper, RadioReady{})
	}
}

// errTwin is the end of a source whose UUID another one has.
var errTwin = errors.New("another source of this rig has the same UUID")
