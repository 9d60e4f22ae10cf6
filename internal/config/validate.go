package config

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"

	"datarun"
)

var name = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// problems collects what is wrong, each with its place.
type problems struct {
	lines
	found []string
}

func (p *problems) add(key, format string, args ...any) {
	p.found = append(p.found, p.at(key)+": "+fmt.Sprintf(format, args...))
}

func (c *Config) validate(l lines) error {
	p := &problems{lines: l}
	if !name.MatchString(c.Hub) {
		p.add("$.hub", "want %s", name)
	}
	c.validateRoles(p)
	oneOf(p, "$.log.level", c.Log.Level, "debug", "info", "warn", "error")
	oneOf(p, "$.log.format", c.Log.Format, "text", "json")
	oneOf(p, "$.kafka.sasl.mechanism", c.Kafka.SASL.Mechanism, "", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
	address(p, "$.portal.listen", c.Portal.Listen, false)
	address(p, "$.kafka.listen", c.Kafka.Listen, true)
	address(p, "$.clickhouse.listen", c.ClickHouse.Listen, true)
	address(p, "$.clickhouse.http", c.ClickHouse.HTTP, true)
	if (c.Portal.Cert == "") != (c.Portal.Key == "") {
		p.add("$.portal", "cert and key belong together")
	}
	if c.Portal.ClientCA != "" && c.Portal.Cert == "" {
		p.add("$.portal.client_ca", "needs cert and key")
	}
	if c.Kafka.Partitions < 1 || c.Kafka.Partitions > 1024 {
		p.add("$.kafka.partitions", "want 1 to 1024")
	}
	if c.Kafka.Replication < 1 {
		p.add("$.kafka.replication", "want 1 or more")
	}
	c.validateSources(p)
	return p.err()
}

func (p *problems) err() error {
	if len(p.found) == 0 {
		return nil
	}
	return &datarun.Error{Kind: datarun.Invalid, Op: "config", Msg: strings.Join(p.found, "\n")}
}

var allRoles = []string{"connect", "land", "portal"}

func (c *Config) validateRoles(p *problems) {
	for i, r := range c.Roles {
		if !slices.Contains(allRoles, r) {
			p.add(fmt.Sprintf("$.roles[%d]", i), "%q: want connect, land or portal", r)
			return
		}
	}
	split := slices.ContainsFunc(allRoles, func(r string) bool { return !c.Has(r) })
	if split && (len(c.Kafka.Brokers) == 0 || len(c.ClickHouse.Addresses) == 0) {
		p.add("$.roles", "a split hub needs kafka.brokers and clickhouse.addresses: the embedded engines belong to one process")
	}
}

// SetRoles replaces the roles, as --roles does; Invalid as in the file.
func (c *Config) SetRoles(roles []string) error {
	c.Roles = roles
	p := &problems{lines: lines{path: "--roles"}}
	c.validateRoles(p)
	return p.err()
}

func (c *Config) validateSources(p *problems) {
	names := map[string]bool{}
	for i, s := range c.Sources {
		at := fmt.Sprintf("$.sources[%d]", i)
		if !name.MatchString(s.Name) {
			p.add(at+".name", "want %s", name)
		}
		if names[s.Name] {
			p.add(at+".name", "another source has this name")
		}
		names[s.Name] = true
		if (s.Connector == "") == (s.Command.Path == "") {
			p.add(at, "want either connector or command.path")
		}
		if s.Command.Path != "" && len(s.Command.SHA256) != 64 {
			p.add(at+".command.sha256", "want the 64 hex digits of the executable's SHA-256")
		}
		if s.Poll <= 0 {
			p.add(at+".poll", "want a positive duration")
		}
		streams := map[string]bool{}
		for j, st := range s.Streams {
			at := fmt.Sprintf("%s.streams[%d]", at, j)
			if !name.MatchString(st.Name) {
				p.add(at+".name", "want %s", name)
			}
			if streams[st.Name] {
				p.add(at+".name", "another stream of the source has this name")
			}
			streams[st.Name] = true
			if err := datarun.ResourceCode(st.Resource).Validate(); err != nil {
				p.add(at+".resource", "%v", err)
			}
			if st.Object == "" {
				p.add(at+".object", "is missing")
			}
		}
	}
}

func oneOf(p *problems, key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		p.add(key, "want one of %s", strings.Join(allowed, ", "))
	}
}

func address(p *problems, key, value string, loopback bool) {
	host, _, err := net.SplitHostPort(value)
	if err != nil {
		p.add(key, "want host:port")
		return
	}
	ip := net.ParseIP(host)
	if loopback && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		p.add(key, "want a loopback address: the embedded engines are for this machine only")
	}
}
