package capture_test

import (
	"testing"

	"github.com/sensord/sensord/capture"
)

func filled(n, size int, clock int64) *capture.Batch {
	b := capture.NewBatch()
	b.ClockOffsetNs = clock
	for i := range n {
		b.Append(int64(i), capture.LinkTypeRadiotap, uint32(size+i), make([]byte, size))
	}
	return b
}

func TestBatchesJoinWhereTheyFit(t *testing.T) {
	tests := []struct {
		name  string
		a, b  *capture.Batch
		room  int
		joins bool
	}{
		{"two small ones", filled(1, 100, 7), filled(1, 100, 7), 0, true},
		{"as many as there may be", filled(63, 10, 0), filled(1, 10, 0), 0, true},
		{"one too many", filled(63, 10, 0), filled(2, 10, 0), 1 << 20, false},
		{"too many bytes", filled(4, 10_000, 0), filled(4, 10_000, 0), 1 << 20, false},
		{"another clock", filled(1, 100, 7), filled(1, 100, 8), 0, false},
		{"no room to grow", filled(1, 4000, 0), filled(1, 4000, 0), 100, false},
		{"room to grow", filled(1, 4000, 0), filled(1, 4000, 0), 16 << 10, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, m, before := tt.a.Len(), tt.b.Len(), tt.a.MemBytes()
			want := tt.b.Frame(m - 1)
			want.Data = nil
			if got := tt.a.Join(tt.b, tt.room); got != tt.joins {
				t.Fatalf("joins: %t, want %t", got, tt.joins)
			}
			if !tt.joins {
				if tt.a.Len() != n || tt.b.Len() != m {
					t.Fatalf("changed to %d and %d frames", tt.a.Len(), tt.b.Len())
				}
				tt.a.Release()
				tt.b.Release()
				return
			}
			got := tt.a.Frame(n + m - 1)
			got.Data = nil
			if tt.a.Len() != n+m || got.TimeNs != want.TimeNs || got.OrigLen != want.OrigLen {
				t.Fatalf("%d frames, last %+v; want %d, %+v", tt.a.Len(), got, n+m, want)
			}
			if grown := tt.a.MemBytes() - before; grown > tt.room {
				t.Fatalf("grew by %d bytes, room for %d", grown, tt.room)
			}
			tt.a.Release()
		})
	}
}
