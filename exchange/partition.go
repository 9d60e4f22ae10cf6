package exchange

// murmur2 hashes a key as the Java client does, so that every client agrees which partition a key belongs to.
func murmur2[K string | []byte](data K) uint32 {
	const seed, m, r = uint32(0x9747b28c), uint32(0x5bd1e995), 24
	n := len(data)
	h := seed ^ uint32(n)
	i := 0
	for ; i+4 <= n; i += 4 {
		k := uint32(data[i]) | uint32(data[i+1])<<8 | uint32(data[i+2])<<16 | uint32(data[i+3])<<24
		k *= m
		k ^= k >> r
		k *= m
		h = h*m ^ k
	}
	switch n - i {
	case 3:
		h ^= uint32(data[i+2]) << 16
		fallthrough
	case 2:
		h ^= uint32(data[i+1]) << 8
		fallthrough
	case 1:
		h = (h ^ uint32(data[i])) * m
	}
	h = (h ^ h>>13) * m
	return h ^ h>>15
}

// PartitionOf returns the partition of a key in a topic of n partitions: murmur2 of its bytes without the sign bit,
// modulo n.
func PartitionOf(key string, n int) int { return int(murmur2(key)&0x7fffffff) % n }
