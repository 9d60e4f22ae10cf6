package exchange

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"

	"datarun"
)

// Config says how to reach Kafka and what new topics look like. The zero value of a field means its default.
type Config struct {
	Brokers     []string      // host:port of at least one broker
	TLS         *tls.Config   // nil: plain TCP
	SASL        SASL          // zero: no authentication
	ClientID    string        // default "datarun"
	Partitions  int           // of new topics that do not say; default 2
	Replication int           // of new topics; default 1, and 3 is what a city wants
	Timeout     time.Duration // how long one call may retry before it is Unavailable; default 30 s
	// Embedded says that the broker is the one of package broker. It does not compact, so Table does that itself, and
	// this process must be the only one that writes the tables.
	Embedded bool
	Log      *slog.Logger // default: discard
}

// SASL is how the hub proves itself to Kafka.
type SASL struct {
	Mechanism string // "PLAIN", "SCRAM-SHA-256" or "SCRAM-SHA-512"; empty: none
	User      string
	Password  string
}

// String leaves the password out, so that it does not get into a log by accident.
func (s SASL) String() string { return s.Mechanism + " " + s.User }

// GoString leaves the password out.
func (s SASL) GoString() string { return s.String() }

// Cluster is a connection to one Kafka cluster, shared by everything that speaks to it. It is safe for concurrent use.
type Cluster struct {
	cfg       Config
	addr      net.Addr
	transport *kafka.Transport
	dialer    *kafka.Dialer
	stop      context.CancelFunc
	life      context.Context // ends with Close
	meta      metadata

	coordinatorsMu sync.Mutex
	coordinators   map[string]int32 // group → broker id
}

func (c *Config) defaults() {
	if c.ClientID == "" {
		c.ClientID = "datarun"
	}
	if c.Partitions == 0 {
		c.Partitions = 2
	}
	if c.Replication == 0 {
		c.Replication = 1
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

// Open connects to the cluster and returns once a broker has answered. A broker that cannot be reached is Unavailable, a
// refused password Denied, a setting that makes no sense Invalid.
func Open(ctx context.Context, cfg Config) (*Cluster, error) {
	cfg.defaults()
	if len(cfg.Brokers) == 0 {
		return nil, datarun.Errorf(datarun.Invalid, "kafka", "no brokers given")
	}
	mechanism, err := cfg.SASL.mechanism()
	if err != nil {
		return nil, err
	}
	life, stop := context.WithCancel(context.Background())
	c := &Cluster{
		cfg: cfg, life: life, stop: stop, addr: kafka.TCP(cfg.Brokers...),
		transport: &kafka.Transport{
			ClientID: cfg.ClientID, TLS: cfg.TLS, SASL: mechanism, Context: life,
			IdleTimeout: 2 * time.Minute,
			// Leaders are looked up by metadata.go. The transport's own view is used for broker addresses only, so it
			// need not fetch thousands of topics every few seconds.
			MetadataTopics: []string{TopicCatalog},
		},
		dialer: &kafka.Dialer{
			ClientID: cfg.ClientID, TLS: cfg.TLS, SASLMechanism: mechanism, Timeout: 10 * time.Second, DualStack: true,
		},
		coordinators: map[string]int32{},
	}
	if err := c.Ping(ctx); err != nil {
		c.Close()
		if cfg.SASL.Mechanism != "" && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
			return nil, datarun.Errorf(datarun.Denied, "kafka", "broker hung up during login; wrong user, password or mechanism: %w", err)
		}
		return nil, err
	}
	return c, nil
}

func (s SASL) mechanism() (sasl.Mechanism, error) {
	var algo scram.Algorithm
	switch strings.ToUpper(s.Mechanism) {
	case "":
		return nil, nil
	case "PLAIN":
		return plain.Mechanism{Username: s.User, Password: s.Password}, nil
	case "SCRAM-SHA-256":
		algo = scram.SHA256
	case "SCRAM-SHA-512":
		algo = scram.SHA512
	default:
		return nil, datarun.Errorf(datarun.Invalid, "kafka: sasl", "unknown mechanism %q; known: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512", s.Mechanism)
	}
	m, err := scram.Mechanism(algo, s.User, s.Password)
	if err != nil {
		return nil, datarun.Errorf(datarun.Invalid, "kafka: sasl", "user or password: %w", err)
	}
	return m, nil
}

// Close ends all connections. Publishers and subscribers must have ended before.
func (c *Cluster) Close() error {
	c.transport.CloseIdleConnections()
	c.stop()
	return nil
}

// Ping asks a broker for the cluster's brokers and returns nil when it answers.
func (c *Cluster) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	_, err := c.fetchMetadata(ctx, []string{})
	return datarun.Wrap("kafka: ping", err)
}

// Log returns the cluster's logger, for the packages that keep something in a topic.
func (c *Cluster) Log() *slog.Logger { return c.cfg.Log }
