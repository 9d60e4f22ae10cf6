package demo

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"datarun"
)

// places are where the demo's systems are.
type places struct {
	dir     string // the demo's folder
	housing database
	market  database
	rest    string // base URL of civil affairs
}

func (p places) path(parts ...string) string {
	return filepath.Join(append([]string{p.dir}, parts...)...)
}

// housingSource is the housing bureau's source: its PostgreSQL, or SQLite where the machine has none.
func (p places) housingSource() string {
	if p.housing.driver == "pgx" {
		return fmt.Sprintf("    connector: postgres\n    settings: {dsn: %q}", p.housing.dsn)
	}
	return fmt.Sprintf("    connector: sqlite\n    settings: {path: %q}", p.path("housing.db"))
}

// config is the hub's datarun.yaml. It is written anew at every start: the ports of the department systems change.
func (p places) config() string {
	object := "public."
	if p.housing.driver != "pgx" {
		object = ""
	}
	return strings.NewReplacer(
		"@housing@", p.housingSource(), "@object@", object, "@market@", p.path("market.db"), "@rest@", p.rest, "@drop@", p.path("police"),
		"@portal@", usual(8080), "@kafka@", usual(19092), "@native@", usual(19000), "@http@", usual(18123),
	).Replace(configText)
}

// The province's system is not here: it pushes.
const configText = `# The hub of the synthetic city. Written by datarun demo at every start.
hub: demo
data: hub
log: {level: warn}
portal: {listen: "@portal@"}
kafka: {listen: "@kafka@"}
clickhouse: {listen: "@native@", http: "@http@"}

sources:
  - name: housing
@housing@
    streams:
      - {name: house, resource: 306001/000001, object: @object@house, options: {cursor: updated_at}}
      - {name: permit, resource: 306001/000002, object: @object@permit, options: {cursor: updated_at}}

  - name: market
    connector: sqlite
    settings: {path: "@market@"}
    streams:
      - {name: firm, resource: 305001/000001, object: firm, options: {cursor: updated_at}}

  - name: civil
    connector: restapi
    settings:
      url: "@rest@"
      headers: {Authorization: "Bearer ${env:DATARUN_DEMO_TOKEN}"}
    streams:
      - name: allowance
        resource: 304001/000001
        object: /api/allowances
        options: {mode: page, records: data.list, page_param: page, size_param: size, size: 500}

  - name: police
    connector: files
    settings: {folder: "@drop@"}
    streams:
      - name: residents
        resource: 301001/000001
        object: "residents*.csv"
        options: {columns: {resident_id: 公民身份号码, name: 姓名, sex: 性别, address: 住址, division: 行政区划, registered: 登记日期}}
      - name: stays
        resource: 301001/000002
        object: "stays*.xlsx"
        options: {columns: {permit_no: 居住证编号, resident_id: 公民身份号码, name: 姓名, address: 居住地址, issued: 签发日期, expires: 有效期截止}}
`

// writeConfig writes datarun.yaml and returns its path.
func (p places) writeConfig() (string, error) {
	path := p.path("datarun.yaml")
	if err := os.WriteFile(path, []byte(p.config()), 0o600); err != nil {
		return "", datarun.Errorf(datarun.Unavailable, "demo", "%w", err)
	}
	return path, nil
}

// usual is the loopback address with the usual port, or with any when something else has it.
func usual(port int) string {
	address := fmt.Sprintf("127.0.0.1:%d", port)
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "127.0.0.1:0"
	}
	_ = l.Close()
	return address
}
