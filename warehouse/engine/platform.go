package engine

import "runtime"

// Version is the pinned version of the npm package that carries libchdb: ClickHouse 26.7.2.
const Version = "26.7.3-stable.1"

// library is one published build of libchdb.
type library struct {
	npm       string // package name
	integrity string // base64 SHA-512 of the tarball; empty: npm's own check against its registry is all there is
	file      string // path inside the tarball
}

// libraries lists the builds by GOOS/GOARCH. Only linux/amd64 has been run by the project's own tests.
var libraries = map[string]library{
	"linux/amd64": {
		npm:       "@chdb/lib-linux-x64-gnu",
		integrity: "XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw==",
		file:      "package/libchdb.so",
	},
	"linux/arm64":  {npm: "@chdb/lib-linux-arm64-gnu", file: "package/libchdb.so"},
	"darwin/amd64": {npm: "@chdb/lib-darwin-x64", file: "package/libchdb.so"},
	"darwin/arm64": {npm: "@chdb/lib-darwin-arm64", file: "package/libchdb.so"},
}

func platform() string { return runtime.GOOS + "/" + runtime.GOARCH }
