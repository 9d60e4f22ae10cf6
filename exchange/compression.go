package exchange

// Compression is how record batches are compressed.
type Compression string

// The compressions.
const (
	None   Compression = "none"
	Snappy Compression = "snappy"
	LZ4    Compression = "lz4"
	Zstd   Compression = "zstd"
)

// DefaultCompression is used where none is set.
const DefaultCompression = Snappy
