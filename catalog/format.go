package catalog

import (
	"strings"

	"datarun"
)

// formats lists, by category of 信息资源格式, the types that are known to belong to it, in small letters. The standard
// names examples and leaves the list open, so a type that stands nowhere passes with a warning; one that stands in
// another category does not. Category 6 is for forms of a trade, whose names nobody lists.
var formats = map[int][]string{
	1: {"ofd", "pdf", "wps", "doc", "docx", "txt", "html", "xml", "ppt", "pptx", "caj"},
	2: {"et", "xls", "xlsx", "csv", "ods"},
	3: {"postgresql", "mysql", "mariadb", "sqlite", "oracle", "sql server", "db2", "access", "dbase", "dbf", "sybase", "clickhouse",
		"mongodb", "dameng", "达梦", "kingbase", "人大金仓", "gbase", "oscar", "神舟通用", "opengauss", "oceanbase", "tidb"},
	4: {"jpg", "jpeg", "gif", "bmp", "png", "tif", "tiff", "dwg", "dxf", "shp"},
	5: {"mp4", "mp3", "avi", "mpg", "mpeg", "rm", "rmvb", "swf", "wav", "flv"},
	7: {"webservice", "rest", "soap", "http", "grpc", "json", "kafka"},
}

// format checks that category and type belong together, and the method of sharing with them: files are handed out as
// files, a database as tables or through an interface.
func (c checker) format(r *datarun.Resource) {
	f := r.Format
	if f.Category < 1 || f.Category > 7 {
		c.bad("format.category", RuleChoice, "must be 1 (电子文件) to 7 (服务接口)")
		return
	}
	if c.text("format.type", f.Type, 64, true) {
		c.formatType(f)
	}
	switch r.Method {
	case datarun.MethodDatabase, datarun.MethodFile, datarun.MethodAPI:
	case "":
		c.bad("method", RuleRequired, "must be given: database, file or api")
		return
	default:
		c.bad("method", RuleChoice, "must be database, file or api")
		return
	}
	switch f.Category {
	case 1, 2, 4, 5:
		if r.Method != datarun.MethodFile {
			c.bad("method", RulePair, "a resource of files (format category %d) is shared as file", f.Category)
		}
	case 3:
		if r.Method == datarun.MethodFile {
			c.bad("method", RulePair, "a database (format category 3) is shared as database or api")
		}
	}
}

func (c checker) formatType(f datarun.Format) {
	name := strings.ToLower(strings.TrimSpace(f.Type))
	listed := 0
	for category := 1; category <= 7; category++ {
		for _, known := range formats[category] {
			if known != name {
				continue
			}
			if category == f.Category {
				return
			}
			listed = category
		}
	}
	switch {
	case f.Category == 6:
	case listed > 0:
		c.bad("format.type", RulePair, "%s belongs to category %d, not %d", f.Type, listed, f.Category)
	default:
		c.warn("format.type", RulePair, "%s is not a type that is known of category %d", f.Type, f.Category)
	}
}
