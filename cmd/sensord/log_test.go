package main

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"regexp"
	"testing"

	"github.com/sensord/sensord/configs"
)

func TestLogForPeople(t *testing.T) {
	var b bytes.Buffer
	log := newLogger(configs.Log{Level: slog.LevelInfo, Format: configs.LogText}, &b)
	log.Debug("not shown")
	log.Info("frames flow", "server", "ws://k", "waiting", 3)
	log.With("source", "roof one").WithGroup("link").Warn("link lost", "err", errors.New("a\nb"), "key", configs.Secret("hunter2"))
	log.Error("stopped")
	want := `00:00:00.000 info  frames flow server=ws://k waiting=3
00:00:00.000 warn  link lost source="roof one" link.err="a\nb" link.key=***
00:00:00.000 error stopped
`
	got := regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d\.\d{3}`).ReplaceAllString(b.String(), "00:00:00.000")
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestLogForm(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, tt := range []struct {
		format, want configs.LogFormat
	}{{configs.LogAuto, configs.LogJSON}, {configs.LogText, configs.LogText}, {configs.LogJSON, configs.LogJSON}} {
		if got := logForm(configs.Log{Format: tt.format}, file); got != tt.want {
			t.Errorf("%s into a file: %s, want %s", tt.format, got, tt.want)
		}
	}
	if isTerminal(&bytes.Buffer{}) {
		t.Error("a buffer is a terminal")
	}
}
