package gpstest

// way makes the generator and the begin of a truth: somewhere in Europe, in any
// direction.
func way(seed uint64, name string, p pace) (r *road, lat, lon, course float64) {
	r = newRoad(stream(seed, "way of "+name), p)
	return r, r.between(37, 62), r.between(-8, 28), r.between(0, 360)
}

// straightWay is 108 km/h straight on.
func straightWay(seed uint64) *Truth {
	r, lat, lon, course := way(seed, "straight", onMotorway.at(30))
	r.straight(30 * 200)
	return r.drive(lat, lon, course, 180)
}

// blocks drives through a town for so many seconds: blocks, right and left
// turns of 8 to 20 m radius, bends, red lights, streets between high houses.
func (r *road) blocks(seconds float64) {
	for end := r.seconds() + seconds; r.seconds() < end; {
		r.pace = inTown.at(r.between(30, 52) / 3.6)
		if r.rng.Float64() < 0.3 {
			r.sky(1+1.2*r.rng.Float64(), 0)
		}
		r.straight(r.between(40, 160))
		switch x := r.rng.Float64(); {
		case x < 0.3:
			r.halt(r.between(4, 25))
			r.straight(r.between(4, 8))
		case x < 0.45:
			r.turn(r.between(60, 150), r.sign()*r.between(15, 50))
			continue
		}
		r.turn(r.between(8, 20), r.sign()*r.between(70, 110))
	}
}

func (r *road) sign() float64 { return float64(2*r.rng.IntN(2) - 1) }

func turnsWay(seed uint64) *Truth {
	r, lat, lon, course := way(seed, "turns", inTown)
	r.blocks(180)
	return r.drive(lat, lon, course, 180)
}

func cityWay(seed uint64) *Truth {
	r, lat, lon, course := way(seed, "city", inTown)
	r.blocks(400)
	return r.drive(lat, lon, course, 400)
}

func oldWay(seed uint64) *Truth {
	r, lat, lon, course := way(seed, "old", inTown)
	r.blocks(200)
	r.sky(1, 0)
	r.cruise(100)
	return r.drive(lat, lon, course, 400)
}

// circlesWay is one roundabout behind the other, left around the middle.
func circlesWay(seed uint64) *Truth {
	r, lat, lon, course := way(seed, "circles", inTown)
	for r.seconds() < 180 {
		r.straight(r.between(60, 200))
		in := r.between(25, 45)
		r.turn(20, in)
		r.turn(r.between(12, 20), -(2*in + r.between(30, 270)))
		r.turn(20, in)
	}
	return r.drive(lat, lon, course, 180)
}

// cruise is a motorway for so many seconds: bends, lane changes, now and then a
// ramp.
func (r *road) cruise(seconds float64) {
	for end := r.seconds() + seconds; r.seconds() < end; {
		r.pace = onMotorway.at(r.between(95, 130) / 3.6)
		r.straight(r.between(100, 900))
		switch x := r.rng.Float64(); {
		case x < 0.5:
			r.turn(r.between(500, 1500), r.sign()*r.between(8, 45))
		case x < 0.85:
			lane := 2.4 * r.sign()
			r.turn(1000, lane)
			r.turn(1000, -lane)
		default:
			r.pace = onMotorway.at(45 / 3.6)
			r.turn(r.between(45, 60), r.between(180, 270))
		}
	}
}

func motorwayWay(seed uint64) *Truth {
	r, lat, lon, course := way(seed, "motorway", onMotorway)
	r.cruise(400)
	return r.drive(lat, lon, course, 400)
}

// tunnelWay is a motorway with tunnels of 0.2 to 1.2 km, some of them bent.
func tunnelWay(seed uint64) *Truth {
	r, lat, lon, course := way(seed, "tunnel", onMotorway.at(90/3.6))
	for r.seconds() < 400 {
		r.pace = onMotorway.at(90 / 3.6)
		r.straight(r.between(800, 2200))
		r.roof(r.between(0.5, 2))
		r.straight(r.between(100, 600))
		if r.rng.IntN(2) == 0 {
			r.turn(r.between(400, 900), r.sign()*r.between(10, 30))
		}
		r.straight(r.between(100, 600))
		r.sky(1.5, 0)
		r.straight(150)
		r.sky(1, 0)
	}
	return r.drive(lat, lon, course, 400)
}

// garageWay goes into a garage between houses, up a spiral, waits, and comes
// out again.
func garageWay(seed uint64) *Truth {
	r, lat, lon, course := way(seed, "garage", inTown)
	for r.seconds() < 400 {
		r.blocks(70)
		r.pace = inGarage
		r.sky(2, 0)
		r.straight(30)
		r.roof(r.between(5, 10))
		r.turn(9, -r.between(500, 900))
		r.straight(25)
		r.halt(r.between(10, 60))
		r.straight(25)
		r.turn(9, r.between(300, 700))
		r.straight(10)
		r.sky(2, 0)
		r.straight(30)
		r.sky(1.2, 0)
	}
	return r.drive(lat, lon, course, 500)
}

// ferryWay drives onto a ship with an open deck, stands there while the ship
// goes and turns, and drives off.
func ferryWay(seed uint64) *Truth {
	r, lat, lon, course := way(seed, "ferry", inBackRoad)
	r.straight(250)
	r.pace = inGarage
	r.straight(60)
	r.halt(60)
	r.pace = onShip.at(r.between(5, 9))
	r.straight(r.between(300, 700))
	r.turn(r.between(150, 400), r.sign()*r.between(20, 90))
	r.straight(r.between(400, 800))
	r.halt(30)
	r.pace = inBackRoad
	r.straight(700)
	return r.drive(lat, lon, course, 500)
}

// crossingWay is a ship, or a train, with a closed deck: 40 minutes and 30 km
// without a sky.
func crossingWay(seed uint64) *Truth {
	r, lat, lon, course := way(seed, "crossing", inTown)
	r.blocks(60)
	r.pace = inGarage
	r.straight(40)
	r.roof(r.between(3, 8))
	r.straight(40)
	r.halt(60)
	r.pace = onShip
	r.straight(15000)
	r.turn(2000, r.sign()*r.between(10, 60))
	r.straight(15000)
	r.halt(60)
	r.pace = inGarage
	r.straight(40)
	r.sky(1, 0)
	r.straight(20)
	r.blocks(200)
	return r.drive(lat, lon, course, 3000)
}

// jamWay stops and goes.
func jamWay(seed uint64) *Truth {
	r, lat, lon, course := way(seed, "jam", inTown)
	for r.seconds() < 400 {
		r.pace = inTown.at(r.between(8, 40) / 3.6)
		r.straight(r.between(15, 90))
		r.halt(r.between(3, 20))
	}
	return r.drive(lat, lon, course, 400)
}

// walkWay is somebody who walks through a town.
func walkWay(seed uint64) *Truth {
	r, lat, lon, course := way(seed, "walk", onFoot)
	r.weaveM, r.weaveLength, r.hilly, r.gridM = 0.1, 7, 2, 0.1
	for r.seconds() < 400 {
		if r.rng.Float64() < 0.2 {
			r.sky(1+r.rng.Float64(), 0)
		}
		r.pace = onFoot.at(r.between(1.1, 1.7))
		r.straight(r.between(10, 60))
		if r.rng.Float64() < 0.25 {
			r.halt(r.between(3, 30))
			r.straight(1)
		}
		r.turn(r.between(1, 2.5), r.sign()*r.between(30, 120))
	}
	return r.drive(lat, lon, course, 400)
}

// mixedWay is town, motorway, a tunnel and town again.
func mixedWay(seed uint64) *Truth {
	r, lat, lon, course := way(seed, "mixed", inTown)
	r.blocks(150)
	r.sky(1, 0)
	r.cruise(180)
	r.roof(1)
	r.straight(500)
	r.sky(1, 0)
	r.cruise(60)
	r.blocks(100)
	return r.drive(lat, lon, course, 540)
}

// datelineWay crosses the antimeridian, again and again.
func datelineWay(seed uint64) *Truth {
	rng := stream(seed, "way of dateline")
	r := newRoad(rng, onMotorway)
	for r.seconds() < 200 {
		r.straight(r.between(450, 600))
		r.turn(r.between(60, 90), 180)
	}
	return r.drive(r.between(-70, 70), 180-r.between(0.001, 0.003), r.between(60, 120), 200)
}

// poleWay passes the North Pole at some metres.
func poleWay(seed uint64) *Truth {
	rng := stream(seed, "way of pole")
	r := newRoad(rng, onMotorway.at(20))
	r.straight(2000)
	r.turn(r.between(300, 600), r.sign()*r.between(10, 40))
	r.straight(3000)
	lat := 90 - degrees(r.between(1300, 1500)/6.4e6)
	return r.drive(lat, r.between(-180, 180), r.between(-0.3, 0.3), 200)
}

// pieces makes the receivers of a drive, each of its own quality.
func pieces(seed uint64, models ...Model) []Model {
	rng := stream(seed, "pieces")
	for i := range models {
		models[i] = models[i].varied(rng)
	}
	return models
}
