package datarun

import (
	"regexp"
	"strings"
)

// ResourceCode is the code of a resource (信息资源代码): a classification part of 类 (1 digit), 项 (2), 目 (3) and
// 细目 (variable), a slash, and a sequence part; at most 64 characters. Example: 306001/000001.
type ResourceCode string

var resourceCode = regexp.MustCompile(`^[1-3]\d{5}[0-9A-Z]*/[0-9A-Z]+$`)

// MaxResourceCode is the longest resource code, in characters.
const MaxResourceCode = 64

// Validate reports an Invalid error when the code is not of the form above.
func (c ResourceCode) Validate() error {
	if len(c) > MaxResourceCode || !resourceCode.MatchString(string(c)) {
		return Errorf(Invalid, "resource code", "%q is not like 306001/000001 (class digit 1-3, five digits, optional letters or digits, slash, sequence; at most %d)", string(c), MaxResourceCode)
	}
	return nil
}

// Dotted returns the code with a dot for the slash, as topics and URLs spell it.
func (c ResourceCode) Dotted() string { return strings.Replace(string(c), "/", ".", 1) }

// ParseResourceCode reads a code in either spelling and validates it.
func ParseResourceCode(s string) (ResourceCode, error) {
	c := ResourceCode(strings.Replace(s, ".", "/", 1))
	return c, c.Validate()
}

// ShareClass is the law's sharing class of a resource (共享属性, 政务数据共享条例 art. 14).
type ShareClass int

// The three classes.
const (
	Unconditional ShareClass = 1 // 无条件共享: any government department
	Conditional   ShareClass = 2 // 有条件共享: certain departments, under conditions that the entry must state
	Withheld      ShareClass = 3 // 不予共享: only where a law says so; the entry must state reason and basis
)

// UpdateCycle is how often the provider promises to update (更新周期), as numbered by the metadata standard.
type UpdateCycle int

// The cycles.
const (
	RealTime   UpdateCycle = 1 + iota // 实时
	Daily                             // 每日
	Weekly                            // 每周
	Monthly                           // 每月
	Quarterly                         // 每季度
	HalfYearly                        // 每半年
	Yearly                            // 每年
	OtherCycle                        // 其他
)

// Resource is one entry of the shared directory (政务数据目录), with the core metadata of 发改高技〔2017〕1272号 and of
// 政务数据共享条例 art. 13. Field comments give the Chinese name, the limit and whether it is required.
type Resource struct {
	Code       ResourceCode   `json:"code" yaml:"code"`                                         // 信息资源代码, required
	Name       string         `json:"name" yaml:"name"`                                         // 信息资源名称, ≤128, required, unique
	Class      []string       `json:"class" yaml:"class"`                                       // 信息资源分类 类/项/目/细目, 1–4 levels, required
	Provider   AgencyCode     `json:"provider" yaml:"provider"`                                 // 提供方代码, required
	Abstract   string         `json:"abstract" yaml:"abstract"`                                 // 信息资源摘要, ≤1000, required
	Format     Format         `json:"format" yaml:"format"`                                     // 信息资源格式, required
	Items      []Item         `json:"items" yaml:"items"`                                       // 信息项, 1–1000, required
	Key        []ItemName     `json:"key" yaml:"key"`                                           // items that identify a record, in order, required
	Share      ShareClass     `json:"share" yaml:"share"`                                       // 共享类型 1/2/3, required
	Condition  string         `json:"condition,omitempty" yaml:"condition,omitempty"`           // 共享条件, ≤500; class 2: scope and purpose; class 3: reason
	Basis      string         `json:"basis,omitempty" yaml:"basis,omitempty"`                   // 不予共享依据: law and article; required for class 3
	Method     ShareMethod    `json:"method" yaml:"method"`                                     // 共享方式, required
	Open       bool           `json:"open" yaml:"open"`                                         // 开放属性
	OpenCond   string         `json:"open_condition,omitempty" yaml:"open_condition,omitempty"` // 开放条件
	Cycle      UpdateCycle    `json:"cycle" yaml:"cycle"`                                       // 更新周期 1–8, required
	Grade      string         `json:"grade" yaml:"grade"`                                       // 数据分类分级, required (条例 art. 13)
	Related    []ResourceCode `json:"related,omitempty" yaml:"related,omitempty"`               // 关联资源代码
	Published  string         `json:"published,omitempty" yaml:"published,omitempty"`           // 发布日期 YYYY-MM-DD, set by the catalogue
	Partitions int            `json:"partitions,omitempty" yaml:"partitions,omitempty"`         // Kafka partitions; 0 means the hub's default. Fixed within a generation
	Generation uint16         `json:"generation,omitempty" yaml:"generation,omitempty"`         // topic generation, 0 for the first; see ADR of the log
}

// Format is 信息资源格式: a category 1–7 and a type that belongs to it, e.g. 3 and "PostgreSQL".
type Format struct {
	Category int    `json:"category" yaml:"category"` // 1 电子文件 2 电子表格 3 数据库 4 图形图像 5 流媒体 6 自描述格式 7 服务接口
	Type     string `json:"type" yaml:"type"`
}

// ShareMethod is how the resource is handed out (共享方式).
type ShareMethod string

// The methods.
const (
	MethodDatabase ShareMethod = "database" // 数据库
	MethodFile     ShareMethod = "file"     // 文件
	MethodAPI      ShareMethod = "api"      // 接口
)

// Item returns the item of that name, or nil.
func (r *Resource) Item(name ItemName) *Item {
	for i := range r.Items {
		if r.Items[i].Name == name {
			return &r.Items[i]
		}
	}
	return nil
}
