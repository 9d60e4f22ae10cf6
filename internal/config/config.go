package config

import "time"

// Config is the whole file. Tags: yaml is the key, default the value when it is absent, doc what it means with its unit.
type Config struct {
	Hub        string        `yaml:"hub" default:"hub-1" doc:"Name of this hub; heads its chain in the ledger. Change it never, and never run two hubs of one name."`
	Data       string        `yaml:"data" default:"./data" doc:"Directory for what the hub keeps: the embedded engines, generated passwords. Relative to the file."`
	Roles      []string      `yaml:"roles" default:"connect,land,portal" doc:"What this process does: connect (read sources), land (Kafka to ClickHouse), portal (HTTP)."`
	Grace      time.Duration `yaml:"grace" default:"15s" doc:"How long a stop waits for work in flight."`
	Log        Log           `yaml:"log"`
	Portal     Portal        `yaml:"portal"`
	Kafka      Kafka         `yaml:"kafka"`
	ClickHouse ClickHouse    `yaml:"clickhouse"`
	Sources    []Source      `yaml:"sources" doc:"The systems that connectors read."`

	path string
}

// Log is how the hub logs.
type Log struct {
	Level  string `yaml:"level" default:"info" doc:"debug, info, warn or error."`
	Format string `yaml:"format" default:"text" doc:"text or json."`
}

// Portal is the front door.
type Portal struct {
	Listen   string `yaml:"listen" default:"127.0.0.1:8080" doc:"Address of the HTTP API, host:port; port 0 takes any."`
	Cert     string `yaml:"cert" doc:"TLS certificate file (PEM). Empty: plain HTTP, which config check warns about off the loopback."`
	Key      string `yaml:"key" doc:"TLS key file (PEM)."`
	ClientCA string `yaml:"client_ca" doc:"CA file (PEM) for client certificates; agencies listed with their subject may then call without an API key."`
	MaxBody  Size   `yaml:"max_body" default:"32MiB" doc:"Largest body of a push, after decompression."`
}

// Kafka is where the log is.
type Kafka struct {
	Brokers     []string `yaml:"brokers" doc:"host:port of the city's cluster. Empty: the embedded broker."`
	Listen      string   `yaml:"listen" default:"127.0.0.1:19092" doc:"Address of the embedded broker; loopback only."`
	TLS         TLS      `yaml:"tls"`
	SASL        SASL     `yaml:"sasl"`
	Partitions  int      `yaml:"partitions" default:"2" doc:"Partitions of a new resource's topic; fixed within a generation."`
	Replication int      `yaml:"replication" default:"1" doc:"Replicas of a new topic; 3 on a cluster."`
	Buffer      Size     `yaml:"buffer" default:"64MiB" doc:"Most bytes read from Kafka and not yet landed."`
}

// SASL is how the hub logs in at Kafka.
type SASL struct {
	Mechanism string `yaml:"mechanism" doc:"PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512. Empty: none."`
	User      string `yaml:"user" doc:"User name."`
	Password  Secret `yaml:"password" doc:"Password: ${env:NAME} or ${file:PATH}."`
}

// TLS is how a connection to a cluster is secured.
type TLS struct {
	Enabled bool   `yaml:"enabled" default:"false" doc:"Use TLS."`
	CA      string `yaml:"ca" doc:"CA file (PEM). Empty: the system's."`
	Cert    string `yaml:"cert" doc:"Client certificate file (PEM)."`
	Key     string `yaml:"key" doc:"Client key file (PEM)."`
}

// ClickHouse is where records land.
type ClickHouse struct {
	Addresses []string `yaml:"addresses" doc:"host:port (native protocol) of the city's servers. Empty: the embedded engine."`
	User      string   `yaml:"user" default:"datarun" doc:"User name; ignored by the embedded engine, which has its own."`
	Password  Secret   `yaml:"password" doc:"Password: ${env:NAME} or ${file:PATH}."`
	Database  string   `yaml:"database" default:"datarun" doc:"Database of the hub's tables; made when it is not there."`
	Cluster   string   `yaml:"cluster" doc:"Cluster name for ON CLUSTER and replicated tables. Empty: one server."`
	TLS       TLS      `yaml:"tls"`
	Engine    string   `yaml:"engine" doc:"Path of libchdb.so or of a clickhouse binary for the embedded engine. Empty: clickhouse on the PATH, or the pinned library fetched once with npm."`
	Listen    string   `yaml:"listen" default:"127.0.0.1:19000" doc:"Native address of the embedded engine; loopback only."`
	HTTP      string   `yaml:"http" default:"127.0.0.1:18123" doc:"HTTP address of the embedded engine, for ClickHouse tools; loopback only."`
	Memory    Size     `yaml:"memory" default:"4GiB" doc:"Most memory of the embedded engine."`
}

// Source is one system of an agency.
type Source struct {
	Name      string         `yaml:"name" doc:"Unique name, [a-z0-9_-]+. Positions are kept under it."`
	Connector string         `yaml:"connector" doc:"A built-in connector (datarun connector list), or empty with command."`
	Command   Command        `yaml:"command"`
	Poll      time.Duration  `yaml:"poll" default:"500ms" doc:"Pause between reads when a stream is caught up."`
	Settings  map[string]any `yaml:"settings" doc:"The connector's settings: datarun connector show NAME. Strings may hold ${env:NAME} or ${file:PATH}."`
	Streams   []Stream       `yaml:"streams" doc:"What is read, and which resource it feeds."`
}

// Command is a third-party connector.
type Command struct {
	Path   string   `yaml:"path" doc:"Executable that speaks the connector protocol."`
	Args   []string `yaml:"args" doc:"Its arguments."`
	SHA256 string   `yaml:"sha256" doc:"Hex digest of the executable; required: a copy is checked and run."`
}

// Stream is one table, file pattern or endpoint of a source.
type Stream struct {
	Name     string         `yaml:"name" doc:"Unique within the source, [a-z0-9_-]+."`
	Resource string         `yaml:"resource" doc:"Code of the resource it feeds."`
	Object   string         `yaml:"object" doc:"Table, file glob or path."`
	Options  map[string]any `yaml:"options" doc:"The connector's options for this stream."`
}

// Path returns the file that the configuration was read from; empty for defaults.
func (c *Config) Path() string { return c.path }

// Has reports whether the process has the role.
func (c *Config) Has(role string) bool {
	for _, r := range c.Roles {
		if r == role {
			return true
		}
	}
	return false
}
