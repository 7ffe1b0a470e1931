package capture

// Join moves other's frames behind b's and releases other, if they fit into
// one batch, have the same clock, and b need not grow by more than room bytes
// of memory for it. Otherwise it changes nothing and reports false. A quiet
// radio's frames come in batches of one; where they have to wait, one batch of
// many holds much less memory.
func (b *Batch) Join(other *Batch, room int) bool {
	need := len(b.slab) + len(other.slab)
	if b.Live != other.Live || b.ClockOffsetNs != other.ClockOffsetNs || b.n+other.n > MaxBatchFrames || need > MaxBatchBytes {
		return false
	}
	if need > cap(b.slab) && slabSize(need)-cap(b.slab) > room {
		return false
	}
	for i := range other.n {
		f := other.Frame(i)
		b.Append(f.TimeNs, f.LinkType, f.OrigLen, f.Data)
	}
	other.Release()
	return true
}

// slabSize is the size of the slab that holds need bytes, need <= MaxBatchBytes.
func slabSize(need int) int {
	for _, size := range slabSizes {
		if size >= need {
			return size
		}
	}
	return MaxBatchBytes
}
