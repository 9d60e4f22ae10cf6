package mysql

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"datarun"
	"datarun/connectors/sqltable"
)

// settings are the source's settings. Help says what each means.
type settings struct {
	Host           string            `json:"host"`
	Port           int               `json:"port"`
	User           string            `json:"user"`
	Password       string            `json:"password"`
	Database       string            `json:"database"`
	SSLMode        string            `json:"sslmode"`
	SSLRootCert    string            `json:"sslrootcert"`
	DSN            string            `json:"dsn"`
	ConnectTimeout sqltable.Duration `json:"connect_timeout"`
	Connections    int               `json:"connections"`
}

const (
	defaultConnectTimeout = 10 * time.Second
	defaultConnections    = 8
)

var sslModes = []string{"disable", "prefer", "require", "verify-ca", "verify-full"}

func parseSettings(raw json.RawMessage) (settings, error) {
	s := settings{Port: 3306, SSLMode: "prefer", Connections: defaultConnections}
	if err := sqltable.Strict(raw, &s); err != nil {
		return s, datarun.Errorf(datarun.Invalid, "settings", "%v", err)
	}
	if s.ConnectTimeout == 0 {
		s.ConnectTimeout = sqltable.Duration(defaultConnectTimeout)
	}
	switch {
	case s.DSN != "" && (s.Host != "" || s.User != "" || s.Database != ""):
		return s, datarun.Errorf(datarun.Invalid, "settings", "dsn: not together with host, user or database")
	case s.DSN == "" && s.Host == "":
		return s, datarun.Errorf(datarun.Invalid, "settings", "host: missing")
	case s.DSN == "" && s.User == "":
		return s, datarun.Errorf(datarun.Invalid, "settings", "user: missing")
	case s.DSN == "" && s.Database == "":
		return s, datarun.Errorf(datarun.Invalid, "settings", "database: missing")
	case s.Port < 1 || s.Port > 65535:
		return s, datarun.Errorf(datarun.Invalid, "settings", "port: want 1 to 65535")
	case !slices.Contains(sslModes, s.SSLMode):
		return s, datarun.Errorf(datarun.Invalid, "settings", "sslmode: want one of %s", strings.Join(sslModes, ", "))
	case s.Connections < 1:
		return s, datarun.Errorf(datarun.Invalid, "settings", "connections: want at least 1")
	}
	if s.DSN != "" {
		if c, err := mysql.ParseDSN(s.DSN); err != nil || c.DBName == "" {
			return s, datarun.Errorf(datarun.Invalid, "settings", "dsn: want user:password@tcp(host:port)/database")
		}
	}
	return s, nil
}

// config is the driver's configuration. Whatever a DSN asks for, the connection speaks UTF-8 and UTC, values come as
// text, and a statement is one statement.
func (s *settings) config() (*mysql.Config, error) {
	c := mysql.NewConfig()
	if s.DSN != "" {
		var err error
		if c, err = mysql.ParseDSN(s.DSN); err != nil {
			return nil, datarun.Errorf(datarun.Invalid, "settings", "dsn: cannot be used")
		}
	} else {
		c.Net, c.Addr = "tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
		if strings.HasPrefix(s.Host, "/") {
			c.Net, c.Addr = "unix", s.Host
		}
		c.User, c.DBName = s.User, s.Database
		if err := s.encrypt(c); err != nil {
			return nil, err
		}
	}
	if s.Password != "" {
		c.Passwd = s.Password
	}
	c.Timeout = time.Duration(s.ConnectTimeout)
	c.InterpolateParams, c.MultiStatements, c.ParseTime, c.AllowAllFiles = true, false, false, false
	c.Logger = &mysql.NopLogger{}
	c.Params = map[string]string{
		"time_zone": "'+00:00'",
		"sql_mode":  "''",
		// The server hangs up on a reader that takes nothing for this long; the hub may be slow to take.
		"net_write_timeout": "600",
	}
	if err := c.Apply(mysql.Charset("utf8mb4", "")); err != nil {
		return nil, datarun.Errorf(datarun.Internal, "settings", "charset")
	}
	return c, nil
}

// encrypt sets up TLS the way PostgreSQL's modes of the same names mean it.
func (s *settings) encrypt(c *mysql.Config) error {
	switch s.SSLMode {
	case "disable":
		return nil
	case "prefer":
		c.TLSConfig = "preferred"
		return nil
	}
	config := &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}
	if s.SSLRootCert != "" {
		pem, err := os.ReadFile(s.SSLRootCert)
		config.RootCAs = x509.NewCertPool()
		if err != nil || !config.RootCAs.AppendCertsFromPEM(pem) {
			return datarun.Errorf(datarun.Invalid, "settings", "sslrootcert: not a readable file of PEM certificates")
		}
	}
	switch s.SSLMode {
	case "require":
		config.InsecureSkipVerify = true // encrypted, whoever answers
	case "verify-ca":
		config.InsecureSkipVerify = true // the name is not looked at, the chain is
		config.VerifyConnection = func(state tls.ConnectionState) error {
			options := x509.VerifyOptions{Roots: config.RootCAs, Intermediates: x509.NewCertPool()}
			for _, cert := range state.PeerCertificates[1:] {
				options.Intermediates.AddCert(cert)
			}
			_, err := state.PeerCertificates[0].Verify(options)
			return err
		}
	}
	c.TLS = config
	return nil
}

// secrets are what no error may show.
func (s *settings) secrets() []string {
	out := []string{s.Password, s.DSN}
	if c, err := mysql.ParseDSN(s.DSN); s.DSN != "" && err == nil {
		out = append(out, c.Passwd)
	}
	return out
}
