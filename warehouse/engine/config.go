package engine

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"datarun"
	"datarun/warehouse"
)

// User is the engine's only user with rights.
const User = "datarun"

// HostCommand is the argument with which the hub's own binary is run again to be the engine's host: see Main.
const HostCommand = "engine-host"

// Config says where and how an engine runs. The zero value of every field but Dir has a default.
type Config struct {
	Dir      string // data, generated configuration, password and log; made with mode 0700
	Program  string // path of a clickhouse program or libchdb.so; empty: FindOrFetch
	TCPPort  int    // native protocol, on 127.0.0.1; 0: any free port
	HTTPPort int    // HTTP protocol, on 127.0.0.1; 0: any free port
	Memory   int64  // most bytes the engine may hold; 0: 40% of the machine's memory
	// Host is the command that runs Main; the engine's arguments are appended. Empty: this binary with HostCommand.
	Host     []string
	Progress func(Progress) // told while an engine is fetched; may be nil
	Logger   *slog.Logger   // nil: silent
}

// generated is what the templates are filled from.
type generated struct {
	Dir               string
	TCPPort, HTTPPort int
	Memory            int64
	Pool              int
	PasswordHash      string
	Library           bool
}

// prepare makes the data directory, the password and the configuration files, and returns the password.
func prepare(g generated) (warehouse.Secret, error) {
	password, err := password(g.Dir)
	if err != nil {
		return "", err
	}
	hash := sha256.Sum256([]byte(password))
	g.PasswordHash = hex.EncodeToString(hash[:])
	for name, t := range map[string]*template.Template{"config.xml": configXML, "users.xml": usersXML} {
		var b strings.Builder
		if err := t.Execute(&b, g); err != nil {
			return "", datarun.Errorf(datarun.Internal, "engine: config", "%s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(g.Dir, name), []byte(b.String()), 0o600); err != nil {
			return "", datarun.Errorf(datarun.Unavailable, "engine: config", "%w", err)
		}
	}
	return warehouse.Secret(password), nil
}

// password reads the generated password of the directory, or generates one. It stays the same over restarts, so that
// the pool of a hub need not be opened again.
func password(dir string) (string, error) {
	path := filepath.Join(dir, "password")
	if have, err := os.ReadFile(path); err == nil && len(have) > 0 {
		return strings.TrimSpace(string(have)), nil
	}
	random := make([]byte, 24)
	rand.Read(random)
	made := base64.RawURLEncoding.EncodeToString(random)
	if err := os.WriteFile(path, []byte(made+"\n"), 0o600); err != nil {
		return "", datarun.Errorf(datarun.Unavailable, "engine: password", "%w", err)
	}
	return made, nil
}

// configXML keeps caches and pools small: the hub shares the machine. System logs are off, since on a small machine
// they cost more than the queries they write about. Merges may not take more than half of the pool for themselves.
var configXML = template.Must(template.New("config").Funcs(template.FuncMap{"xml": escape}).Parse(`<clickhouse>
  <logger><level>warning</level><console>1</console></logger>
  <users_config>{{xml .Dir}}/users.xml</users_config>
  <path>{{xml .Dir}}/data/</path>
  <tmp_path>{{xml .Dir}}/data/tmp/</tmp_path>
  <user_files_path>{{xml .Dir}}/data/user_files/</user_files_path>
  <format_schema_path>{{xml .Dir}}/data/format_schemas/</format_schema_path>
  <listen_host>127.0.0.1</listen_host>
{{- if not .Library}}
  <tcp_port>{{.TCPPort}}</tcp_port>
  <http_port>{{.HTTPPort}}</http_port>
{{- end}}
  <default_profile>default</default_profile>
  <max_server_memory_usage>{{.Memory}}</max_server_memory_usage>
  <mark_cache_size>67108864</mark_cache_size>
  <uncompressed_cache_size>67108864</uncompressed_cache_size>
  <index_mark_cache_size>16777216</index_mark_cache_size>
  <mmap_cache_size>0</mmap_cache_size>
  <max_thread_pool_size>500</max_thread_pool_size>
  <max_connections>256</max_connections>
  <background_pool_size>{{.Pool}}</background_pool_size>
  <background_schedule_pool_size>8</background_schedule_pool_size>
  <background_common_pool_size>2</background_common_pool_size>
  <background_fetches_pool_size>1</background_fetches_pool_size>
  <background_move_pool_size>1</background_move_pool_size>
  <background_buffer_flush_schedule_pool_size>1</background_buffer_flush_schedule_pool_size>
  <background_message_broker_schedule_pool_size>4</background_message_broker_schedule_pool_size>
  <background_distributed_schedule_pool_size>2</background_distributed_schedule_pool_size>
  <merge_tree>
    <number_of_free_entries_in_pool_to_execute_mutation>1</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>1</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>1</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
  </merge_tree>
</clickhouse>
`))

// usersXML: the library's session runs as default, without a password, and must be able to open the ports and to read
// its standard input as a table; nothing else. A login over a port cannot be told from the session, so it
// must be worth nothing.
var usersXML = template.Must(template.New("users").Parse(`<clickhouse>
  <profiles>
    <default><log_queries>0</log_queries></default>
    <session><log_queries>0</log_queries><max_memory_usage>33554432</max_memory_usage><max_threads>1</max_threads></session>
  </profiles>
  <quotas><default></default></quotas>
  <users>
    <default>
      <password></password>
      <networks><ip>::1</ip></networks>
      <profile>session</profile><quota>default</quota>
      <grants>
{{- if .Library}}
        <query>GRANT SYSTEM LISTEN ON *.*</query>
        <query>GRANT CREATE ARBITRARY TEMPORARY TABLE ON *.*</query>
        <query>GRANT TABLE ENGINE ON File</query>
{{- else}}
        <query>GRANT NONE ON *.*</query>
{{- end}}
      </grants>
    </default>
    <` + User + `>
      <password_sha256_hex>{{.PasswordHash}}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip><ip>::1</ip></networks>
      <profile>default</profile><quota>default</quota>
      <access_management>1</access_management>
    </` + User + `>
  </users>
</clickhouse>
`))

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
