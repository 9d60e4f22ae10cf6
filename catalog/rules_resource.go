package catalog

import (
	"slices"

	"datarun"
)

// resource checks an entry by itself: the core metadata of 发改高技〔2017〕1272号 and 政务数据共享条例 art. 13–15. What
// needs the rest of the directory (provider, unique name, revision) is judged beside it.
func (c checker) resource(r *datarun.Resource) {
	if err := r.Code.Validate(); err != nil {
		c.bad("code", RuleForm, "not like 306001/000001: class digit 1-3, five digits, optional capitals or digits, slash, sequence; at most %d", datarun.MaxResourceCode)
	}
	if c.text("name", r.Name, 128, true) && plain(r.Name) == "" {
		c.bad("name", RuleForm, "has no letter or digit")
	}
	c.class(r)
	if r.Provider == "" {
		c.bad("provider", RuleRequired, "must be given: the unified social credit code of the agency that answers for the data")
	}
	c.text("abstract", r.Abstract, 1000, true)
	c.format(r)
	c.items(r.Items)
	c.keyItems(r)
	c.sharing(r)
	c.text("open_condition", r.OpenCond, 500, false)
	if r.Cycle < datarun.RealTime || r.Cycle > datarun.OtherCycle {
		c.bad("cycle", RuleChoice, "must be 1 (实时) to 8 (其他)")
	}
	c.text("grade", r.Grade, 64, true)
	c.related(r)
	c.date("published", r.Published)
	if r.Partitions < 0 || r.Partitions > 256 {
		c.bad("partitions", RuleLength, "must be 1 to 256, or absent for the hub's default")
	}
}

// classes are the first levels of classification, by the first digit of the code (1272号).
var classes = map[byte]string{'1': "基础", '2': "主题", '3': "部门"}

func (c checker) class(r *datarun.Resource) {
	if len(r.Class) == 0 || len(r.Class) > 4 {
		c.bad("class", RuleRequired, "must have 1 to 4 levels: 类, 项, 目, 细目")
		return
	}
	for i, level := range r.Class {
		c.text(index("class", i), level, 128, true)
	}
	// Practice differs between provinces and the text of the rule was not to be had, so this refuses nothing.
	if r.Code == "" {
		return
	}
	if want := classes[r.Code[0]]; want != "" && r.Class[0] != want {
		c.warn("class[0]", RulePair, "codes that begin with %c are of class %s as a rule", r.Code[0], want)
	}
}

// sharing checks art. 14 and 15: class 2 must state scope and purpose, class 3 reason and legal basis.
func (c checker) sharing(r *datarun.Resource) {
	switch r.Share {
	case datarun.Unconditional:
	case datarun.Conditional:
		if r.Condition == "" {
			c.bad("condition", RuleCondition, "share class 2 (有条件共享) must state the scope and purpose of sharing")
		}
	case datarun.Withheld:
		if r.Condition == "" {
			c.bad("condition", RuleCondition, "share class 3 (不予共享) must state the reason")
		}
		if r.Basis == "" {
			c.bad("basis", RuleCondition, "share class 3 (不予共享) must state the law and article it rests on")
		}
	default:
		c.bad("share", RuleChoice, "must be 1 (无条件共享), 2 (有条件共享) or 3 (不予共享)")
	}
	c.text("condition", r.Condition, 500, false)
	c.text("basis", r.Basis, 500, false)
}

func (c checker) keyItems(r *datarun.Resource) {
	if len(r.Key) == 0 {
		c.bad("key", RuleRequired, "must name the items that identify a record")
	}
	if len(r.Key) > 16 {
		c.bad("key", RuleLength, "%d items, at most 16 are allowed", len(r.Key))
	}
	for i, name := range r.Key {
		path, item := index("key", i), r.Item(name)
		switch {
		case item == nil:
			c.bad(path, RuleUnknown, "the entry has no item %q", name)
		case slices.Contains(r.Key[:i], name):
			c.bad(path, RuleUnique, "%q is in the key twice", name)
		case !item.Required:
			c.bad(path, RuleRequired, "key item %q must be required: a record without it cannot be told from others", name)
		case item.Type == datarun.General, item.Type == datarun.Double, item.Type == datarun.Float:
			c.bad(path, RulePair, "key item %q is of type %s, which has no exact text to compare", name, item.Type)
		}
	}
}

func (c checker) related(r *datarun.Resource) {
	if len(r.Related) > 100 {
		c.bad("related", RuleLength, "%d codes, at most 100 are allowed", len(r.Related))
	}
	for i, code := range r.Related {
		path := index("related", i)
		switch {
		case code.Validate() != nil:
			c.bad(path, RuleForm, "not a resource code")
		case code == r.Code:
			c.bad(path, RulePair, "an entry is not related to itself")
		case slices.Contains(r.Related[:i], code):
			c.bad(path, RuleUnique, "%s is there twice", code)
		}
	}
}
