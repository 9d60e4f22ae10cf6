package datarun

// AgencyCode identifies an agency by its unified social credit code (统一社会信用代码, GB 32100-2015, 18 characters).
type AgencyCode string

// Agency is a department that provides or asks for data.
type Agency struct {
	Code AgencyCode `json:"code" yaml:"code"`
	Name string     `json:"name" yaml:"name"` // full Chinese name, at most 256 characters
	// Division is the agency's administrative division (行政区划代码, GB/T 2260, 6 digits). Optional.
	Division DivisionCode `json:"division,omitempty" yaml:"division,omitempty"`
	// Keys are the SHA-256 digests (hex) of the API keys the agency may call with. Keys themselves are never stored.
	Keys []KeyDigest `json:"keys,omitempty" yaml:"keys,omitempty"`
	// Subjects are the certificate subjects (RFC 4514 strings) the agency may call with over mutual TLS.
	Subjects []string `json:"subjects,omitempty" yaml:"subjects,omitempty"`
}

// KeyDigest is the hex SHA-256 of an API key with the first characters of the key kept as a name to revoke it by.
type KeyDigest struct {
	ID     string `json:"id" yaml:"id"`         // public part of the key, e.g. "k3f9a1c2"
	SHA256 string `json:"sha256" yaml:"sha256"` // 64 hex digits
}
