package postgres

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

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
	readBuffer            = 64 << 10 // from the socket; the driver's own 8 KiB cost a system call each 50 rows
	maxMessage            = 16 << 20 // a longer row is not read: memory stays bounded
)

var sslModes = []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}

func parseSettings(raw json.RawMessage) (settings, error) {
	s := settings{Port: 5432, SSLMode: "prefer", Connections: defaultConnections}
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
	if _, err := pgconn.ParseConfig(s.connString(false)); err != nil {
		key := "host, port, user, database"
		if s.DSN != "" {
			key = "dsn"
		}
		return s, datarun.Errorf(datarun.Invalid, "settings", "%s: not a connection that PostgreSQL knows", key)
	}
	return s, nil
}

// connString is the DSN, or a URL of the single settings. rootCert names the file of certificates too, which parsing
// then reads.
func (s *settings) connString(rootCert bool) string {
	if s.DSN != "" {
		return s.DSN
	}
	q := url.Values{"host": {s.Host}, "port": {strconv.Itoa(s.Port)}, "sslmode": {s.SSLMode}}
	if rootCert && s.SSLRootCert != "" {
		q.Set("sslrootcert", s.SSLRootCert)
	}
	u := url.URL{Scheme: "postgres", User: url.UserPassword(s.User, s.Password), Path: "/" + s.Database, RawQuery: q.Encode()}
	return u.String()
}

func (s *settings) config() (*pgconn.Config, error) {
	c, err := pgconn.ParseConfig(s.connString(true))
	if err != nil {
		return nil, datarun.Errorf(datarun.Invalid, "settings", "sslrootcert or dsn: cannot be used")
	}
	if s.DSN != "" && s.Password != "" {
		c.Password = s.Password
	}
	c.ConnectTimeout = time.Duration(s.ConnectTimeout)
	c.DialFunc = (&net.Dialer{Timeout: c.ConnectTimeout, KeepAlive: time.Minute}).DialContext
	c.MaxProtocolMessageBodyLen = maxMessage
	c.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		return pgproto3.NewFrontend(bufio.NewReaderSize(r, readBuffer), w)
	}
	return c, nil
}

// secrets are what no error may show: the password, also as it is spelled in the DSN.
func (s *settings) secrets() []string {
	out := []string{s.Password, s.DSN}
	if s.DSN != "" {
		if c, err := pgconn.ParseConfig(s.DSN); err == nil {
			out = append(out, c.Password, url.QueryEscape(c.Password), url.PathEscape(c.Password))
		}
	}
	return out
}
