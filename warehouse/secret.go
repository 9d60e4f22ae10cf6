package warehouse

// Secret is a password. It never prints: not with %v, not with %#v, not as JSON, not in a log.
type Secret string

// String returns a placeholder.
func (Secret) String() string { return "[secret]" }

// GoString returns a placeholder.
func (Secret) GoString() string { return "[secret]" }

// MarshalText returns a placeholder, which is what JSON, YAML and slog print.
func (Secret) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }

// Reveal returns the password itself, for the one place that hands it to the server.
func (s Secret) Reveal() string { return string(s) }
