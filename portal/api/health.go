package api

import (
	"net/http"
	"slices"
)

// HealthView says that the process answers.
type HealthView struct {
	Status string `json:"status" enum:"ok"`
}

// ReadyView says whether the hub can serve, and if not, why.
type ReadyView struct {
	Ready  bool    `json:"ready"`
	Causes []Cause `json:"causes" nullable:"false" doc:"未就绪的原因 What keeps it from serving"`
}

func (a *API) health() operation {
	doc := a.describe(http.MethodGet, "/healthz", "health", "存活 Alive", "进程在运行。\n\nThe process answers. It says nothing about what is behind it: see /readyz.")
	a.answers(&doc, HealthView{})
	return operation{doc: doc, need: forAnybody, serve: func(c *call) error {
		return writeAnswer(c.w, http.StatusOK, HealthView{"ok"})
	}}
}

func (a *API) ready() operation {
	doc := a.describe(http.MethodGet, "/readyz", "ready", "就绪 Ready", "未就绪时返回 503 和原因;个别数据源停止时仍返回 200,并列出原因。\n\n503 with the causes while the hub cannot serve; 200 with causes while it serves and a source or resource stands still.")
	a.answers(&doc, ReadyView{})
	doc.Responses["503"] = a.answer("未就绪 Not ready", ReadyView{})
	return operation{doc: doc, need: forAnybody, serve: func(c *call) error {
		answer := ReadyView{Causes: a.c.Readiness.Causes(c.r.Context())}
		if len(answer.Causes) == 0 {
			answer.Causes = []Cause{} // an empty array, not null
		}
		answer.Ready = !slices.ContainsFunc(answer.Causes, func(c Cause) bool { return !c.Serving })
		if answer.Ready {
			return writeAnswer(c.w, http.StatusOK, answer)
		}
		return writeAnswer(c.w, http.StatusServiceUnavailable, answer)
	}}
}
