package configs_test

import (
	"testing"

	"github.com/sensord/sensord/configs"
)

// Where the sensor is can be asked without a server and without sources, and
// mistakes in what matters are still told.
func TestPositionsNeedNeitherServerNorSources(t *testing.T) {
	loaded, err := configs.Positions("", nil, configs.Flags{GPS: []string{"gpsd"}})
	if err != nil {
		t.Fatal(err)
	}
	if c := loaded.Config; len(c.Servers)+len(c.Sources) != 0 || len(c.GPS.Receivers) != 1 || c.GPS.Receivers[0].Type != configs.ReceiverGPSD {
		t.Errorf("config %+v", c)
	}
	if _, err := configs.Positions("", nil, configs.Flags{GPS: []string{"gspd"}}); err == nil {
		t.Error("a mistyped receiver is not refused")
	}
}
