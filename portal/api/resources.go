package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"datarun"
)

// ResourceSummary is a resource as it stands in a list.
type ResourceSummary struct {
	Code         datarun.ResourceCode `json:"code" doc:"信息资源代码 Resource code" example:"306001/000001"`
	Name         string               `json:"name" doc:"信息资源名称 Name"`
	Provider     datarun.AgencyCode   `json:"provider" doc:"提供方代码 Code of the providing agency (USCC)"`
	ProviderName string               `json:"provider_name" doc:"提供方名称 Its name"`
	Abstract     string               `json:"abstract" doc:"信息资源摘要 Abstract"`
	Share        datarun.ShareClass   `json:"share" enum:"1,2,3" doc:"共享类型：1 无条件 2 有条件 3 不予 Sharing class: unconditional, conditional, withheld"`
	Cycle        datarun.UpdateCycle  `json:"cycle" minimum:"1" maximum:"8" doc:"更新周期：1 实时 2 每日 3 每周 4 每月 5 每季度 6 每半年 7 每年 8 其他 Update cycle"`
	Items        int                  `json:"items" doc:"信息项数 How many items it has"`
	Version      int                  `json:"version" doc:"目录版本 Version of the entry"`
}

// ResourcePage is a page of the directory.
type ResourcePage struct {
	Resources []ResourceSummary `json:"resources" nullable:"false"`
	Next      string            `json:"next,omitempty" doc:"下一页的 after；没有即到末尾 Give it as after for the next page; absent at the end"`
}

// ResourceView is a resource in full.
type ResourceView struct {
	Resource     datarun.Resource `json:"resource"`
	ProviderName string           `json:"provider_name" doc:"提供方名称 Name of the providing agency"`
	Version      int              `json:"version" doc:"目录版本 Version of the entry"`
}

// filter is the query of a directory listing.
type filter struct {
	q, provider, after string
	share, limit       int
}

func (a *API) listResources() operation {
	doc := a.describe(http.MethodGet, "/api/v1/resources", "list-resources", "查询目录 List resources",
		"目录元数据对所有已认证的部门公开；数据本身不公开。\n\nThe directory is open to every authenticated agency; the data is not. Pages come in the order of the codes.")
	doc.Parameters = append(doc.Parameters,
		query("q", "string", "在代码、名称、摘要、信息项中查找 Text to find in code, name, abstract and items, in any case"),
		query("provider", "string", "提供方代码 Only of this agency"),
		query("share", "integer", "共享类型 1、2、3 Only of this sharing class"),
		query("after", "string", "上一页的 next The next of the page before"),
		query("limit", "integer", "每页条数，1–200，默认 50 Entries per page, 1–200, default 50"))
	a.answers(&doc, ResourcePage{}, 401, 422, 429, 503)
	return operation{doc: doc, need: forAgency, serve: a.serveResources}
}

func (a *API) serveResources(c *call) error {
	f, err := parseFilter(c.r.URL.Query())
	if err != nil {
		return err
	}
	entries, err := a.c.Directory.Resources(c.r.Context())
	if err != nil {
		return err
	}
	answer := ResourcePage{Resources: []ResourceSummary{}}
	for i := range entries {
		e := &entries[i]
		if string(e.Resource.Code) <= f.after || !f.matches(e) {
			continue
		}
		if len(answer.Resources) == f.limit {
			answer.Next = answer.Resources[f.limit-1].Code.Dotted()
			break
		}
		r := &e.Resource
		answer.Resources = append(answer.Resources, ResourceSummary{r.Code, r.Name, r.Provider, e.ProviderName, r.Abstract, r.Share, r.Cycle, len(r.Items), e.Version})
	}
	return writeAnswer(c.w, http.StatusOK, answer)
}

func parseFilter(values url.Values) (filter, error) {
	f := filter{limit: 50}
	for name, v := range values {
		if len(v) > 1 {
			return f, invalid("query parameter " + strconv.Quote(name) + " is given twice")
		}
		var err error
		switch name {
		case "q":
			f.q = strings.ToLower(strings.TrimSpace(v[0]))
		case "provider":
			f.provider = v[0]
		case "after":
			f.after = strings.Replace(v[0], ".", "/", 1)
		case "share":
			f.share, err = between(name, v[0], 1, 3)
		case "limit":
			f.limit, err = between(name, v[0], 1, 200)
		default:
			err = invalid("a query parameter is none of q, provider, share, after, limit")
		}
		if err != nil {
			return f, err
		}
	}
	return f, nil
}

func between(name, text string, low, high int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return 0, invalid(fmt.Sprintf("%s is not a number from %d to %d", name, low, high))
	}
	return n, nil
}

func (f *filter) matches(e *Entry) bool {
	r := &e.Resource
	if f.provider != "" && string(r.Provider) != f.provider || f.share != 0 && int(r.Share) != f.share {
		return false
	}
	has := func(s string) bool { return strings.Contains(strings.ToLower(s), f.q) }
	return f.q == "" || has(string(r.Code)) || has(r.Code.Dotted()) || has(r.Name) || has(r.Abstract) || has(e.ProviderName) ||
		slices.ContainsFunc(r.Items, func(it datarun.Item) bool { return has(string(it.Name)) || has(it.Title) })
}

func (a *API) getResource() operation {
	doc := a.describe(http.MethodGet, "/api/v1/resources/{code}", "get-resource", "查看目录条目 Show a resource",
		"返回一个信息资源的全部元数据和信息项。\n\nThe entry in full: metadata, items, key.")
	a.answers(&doc, ResourceView{}, 401, 404, 429, 503)
	return operation{doc: doc, need: forAgency, serve: func(c *call) error {
		e, err := a.c.Directory.Resource(c.r.Context(), codeOf(c.r))
		if err != nil {
			return err
		}
		return writeAnswer(c.w, http.StatusOK, ResourceView(e))
	}}
}
