package api

import (
	"context"
	"time"

	"datarun"
)

// Directory is the shared directory as the API shows it. Both methods answer from memory; what they return is read-only
// and shared.
type Directory interface {
	// Resources returns all published entries in the order of their codes.
	Resources(ctx context.Context) ([]Entry, error)
	// Resource returns one of them, or a NotFound error.
	Resource(ctx context.Context, code datarun.ResourceCode) (Entry, error)
}

// Entry is a resource as the directory has it now.
type Entry struct {
	Resource     datarun.Resource
	ProviderName string // of the agency Resource.Provider
	Version      int    // of the entry, from 1
}

// Grants says who may read what.
type Grants interface {
	// Allowed returns the grant by which agency may read the resource at that time. For the provider of the resource it
	// returns true and a Grant without an ID. It answers from memory and takes the same path whether the resource exists
	// or not.
	Allowed(agency datarun.AgencyCode, resource datarun.ResourceCode, at time.Time) (datarun.Grant, bool)
}

// Publisher takes pushed records into the exchange.
type Publisher interface {
	// Push checks the records and publishes the good ones, in order, and sends the others to quarantine. It returns when
	// all of them are durable, with the refused ones by ascending index. It must not keep Records or their bytes.
	// An error says that some may be published and some not: pushing them again is harmless.
	Push(ctx context.Context, push Push) ([]Refusal, error)
}

// Push is the content of one request of a provider.
type Push struct {
	Agency   datarun.AgencyCode
	Resource datarun.ResourceCode
	Records  []datarun.Record
	// Whole asks for all or nothing: when one record is at fault, nothing is published or quarantined and the faults are
	// returned all the same.
	Whole     bool
	RequestID string // names the request in logs; unique for practical purposes, not across time
}

// Refusal is a pushed record that broke a rule.
type Refusal struct {
	Index int // in Push.Records
	Fault datarun.Fault
}

// Idempotency remembers answers under the keys that callers chose. It is durable; it forgets after a day or later.
type Idempotency interface {
	// Get returns what Put was last given for the key, and false when there is nothing.
	Get(ctx context.Context, key IdempotencyKey) (Remembered, bool, error)
	// Put returns when the answer is durable.
	Put(ctx context.Context, key IdempotencyKey, answer Remembered) error
}

// IdempotencyKey is a caller's Idempotency-Key header within its agency, resource and operation.
type IdempotencyKey struct {
	Agency    datarun.AgencyCode
	Resource  datarun.ResourceCode
	Operation string // "push" or "delete"
	Key       string // 1–128 characters of ASCII, '!' to '~'
}

// Remembered is an answer and the digest of the request it was given to.
type Remembered struct {
	Request [32]byte  `json:"request"` // SHA-256 of the decompressed body and what decides its reading
	Status  int       `json:"status"`
	Answer  []byte    `json:"answer"` // gzip of the JSON body; under 512 KiB
	At      time.Time `json:"at"`
}

// Reader reads current rows. Keys are as datarun.JoinKey makes them.
type Reader interface {
	// Get returns one Row per key, in the order of the keys, Found or not.
	Get(ctx context.Context, query Query, keys []string) ([]Row, error)
	// List returns rows in the order of their keys, after the given key ("" for the first), at most limit, and stops
	// early after the row with which their data exceed maxBytes together. No rows means the end.
	List(ctx context.Context, query Query, after string, limit, maxBytes int) ([]Row, error)
}

// Query says what is read, by whom it is known to be allowed.
type Query struct {
	Resource datarun.ResourceCode
	Items    []datarun.ItemName // read no others; empty means all. The API cuts others off in any case
}

// Row is a record as it stands now.
type Row struct {
	Key   string
	Found bool
	Data  []byte    // JSON object of the data items, nothing else; nil when not Found
	AsOf  time.Time // when the hub published it
	Flags []string  // e.g. "objection", "expired", "revoked"
}

// Ledger keeps who took what, when and for what.
type Ledger interface {
	// Write returns the entry's id when the entry is durable, which is before anything is read.
	Write(ctx context.Context, reading Reading) (id string, err error)
}

// Reading is a ledger entry about a read: never what was read, nor the keys.
type Reading struct {
	At        time.Time
	Agency    datarun.AgencyCode
	Resource  datarun.ResourceCode
	Grant     datarun.GrantID    // empty when the provider reads its own
	Items     []datarun.ItemName // that the grant allows; empty means all
	Purpose   string
	Case      string
	Operator  string // optional
	Operation string // "lookup" or "list"
	Keys      int    // how many were asked for; of a list, the limit
	RequestID string
}

// Readiness says what keeps the hub from serving.
type Readiness interface {
	// Causes returns nothing when everything works.
	Causes(ctx context.Context) []Cause
}

// Cause is a part of the hub that does not work. Both texts are shown to anybody: no addresses, no secrets.
type Cause struct {
	Part   string `json:"part" doc:"Which part: catalogue, kafka, clickhouse …" example:"kafka"`
	Detail string `json:"detail" doc:"What is wrong with it" example:"no broker answers"`
	// Serving says that requests are answered all the same: one department's source stands still, and not the hub.
	Serving bool `json:"serving,omitempty" doc:"枢纽仍可服务 The hub serves all the same"`
}
