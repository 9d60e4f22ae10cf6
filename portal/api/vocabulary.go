package api

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// meanings describes the members of the vocabulary's types, which carry no API tags of their own: schema.member.
var meanings = map[string]string{
	"Resource.code":           "信息资源代码 Resource code",
	"Resource.name":           "信息资源名称 Name",
	"Resource.class":          "信息资源分类：类/项/目/细目 Classification, 1–4 levels",
	"Resource.provider":       "提供方代码 Providing agency (USCC)",
	"Resource.abstract":       "信息资源摘要 Abstract",
	"Resource.format":         "信息资源格式 Format",
	"Resource.items":          "信息项 Items",
	"Resource.key":            "键信息项，按顺序 Items that identify a record, in order",
	"Resource.share":          "共享类型：1 无条件 2 有条件 3 不予 Sharing class",
	"Resource.condition":      "共享条件 Sharing conditions",
	"Resource.basis":          "不予共享依据 Legal basis for withholding",
	"Resource.method":         "共享方式：database 数据库 file 文件 api 接口 Sharing method",
	"Resource.open":           "开放属性 Open to society",
	"Resource.open_condition": "开放条件 Conditions of opening",
	"Resource.cycle":          "更新周期：1 实时 2 每日 3 每周 4 每月 5 每季度 6 每半年 7 每年 8 其他 Update cycle",
	"Resource.grade":          "数据分类分级 Data grade",
	"Resource.related":        "关联资源代码 Related resources",
	"Resource.published":      "发布日期 Day of publication",
	"Resource.partitions":     "主题分区数 Partitions of the topic",
	"Resource.generation":     "主题代次 Generation of the topic",
	"Format.category":         "1 电子文件 2 电子表格 3 数据库 4 图形图像 5 流媒体 6 自描述格式 7 服务接口 Category",
	"Format.type":             "类型 Type within the category",
	"Item.name":               "信息项名，即 JSON 成员名 Name: the JSON member, the CSV column",
	"Item.title":              "中文名 Label",
	"Item.type":               "C 字符 N 数值 Y 货币 D 日期 T 日期时间 L 逻辑 M 备注 G 通用 B 双精度 I 整型 F 浮点 Type",
	"Item.length":             "C：字符数；N、Y：总位数 Characters, or digits in all",
	"Item.scale":              "小数位数 Digits after the point",
	"Item.required":           "必填 Required",
	"Item.code":               "须符合的代码 Code system that values must follow",
	"Item.personal":           "含个人信息 Holds personal information",
}

// finish completes the document when all operations are in it: meanings for the vocabulary, and answers that may grow.
func finish(doc *huma.OpenAPI) {
	for name, schema := range doc.Components.Schemas.Map() {
		for member, s := range schema.Properties {
			if m, ok := meanings[name+"."+member]; ok && s.Ref == "" {
				s.Description = m
			}
		}
		if !strings.HasSuffix(name, "Request") {
			schema.AdditionalProperties = nil // a client generated today must take tomorrow's member
		}
	}
}
