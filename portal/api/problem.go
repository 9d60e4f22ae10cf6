package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"datarun"
	"datarun/portal/request"
)

// Problem is an error as a caller sees it (RFC 9457, application/problem+json).
type Problem struct {
	Type   string `json:"type" doc:"问题类型，不随版本改变 What kind of problem, stable" example:"urn:datarun:problem:not-found"`
	Title  string `json:"title" doc:"问题名称 Its name"`
	Status int    `json:"status" doc:"HTTP 状态码 HTTP status" example:"404"`
	Detail string `json:"detail,omitempty" doc:"说明，不含数据值 What was expected and where; never a data value"`
	ID     string `json:"id,omitempty" doc:"请求编号，报障时提供 Request id, to tell the operator"`
	// Faults are the records at fault of a push with mode=whole.
	Faults []RecordFault `json:"faults,omitempty" doc:"有问题的记录（mode=whole） Records at fault, with mode=whole"`

	retry time.Duration
}

// Error returns the detail, or the title where there is none.
func (p *Problem) Error() string {
	if p.Detail != "" {
		return p.Detail
	}
	return p.Title
}

func problem(status int, code, title, detail string) *Problem {
	return &Problem{Type: "urn:datarun:problem:" + code, Title: title, Status: status, Detail: detail}
}

// The problems that say the same whatever caused them.
func notFound() *Problem {
	return problem(http.StatusNotFound, "not-found", "不存在 Not found", "")
}

func unauthorized() *Problem {
	return problem(http.StatusUnauthorized, "unauthorized", "未认证 Not authenticated", "")
}

func invalid(detail string) *Problem {
	return problem(http.StatusUnprocessableEntity, "invalid", "请求无效 Invalid request", detail)
}

func tooLarge(detail string) *Problem {
	return problem(http.StatusRequestEntityTooLarge, "too-large", "请求过大 Too large", detail)
}

func unsupported(detail string) *Problem {
	return problem(http.StatusUnsupportedMediaType, "unsupported", "格式不支持 Unsupported format", detail)
}

func busy(detail string, retry time.Duration) *Problem {
	p := problem(http.StatusTooManyRequests, "busy", "请稍后重试 Try again later", detail)
	p.retry = retry
	return p
}

// problemOf says to the caller what it may know of err. The rest is for the log, which the second result asks for.
func problemOf(err error, id string) (*Problem, bool) {
	var p *Problem
	if errors.As(err, &p) {
		return p, false
	}
	kind := datarun.KindOf(err)
	switch status := kind.Reaction().HTTP; status {
	case http.StatusUnprocessableEntity:
		return invalid(err.Error()), false
	case http.StatusNotFound:
		return notFound(), false
	case http.StatusConflict:
		return problem(status, "conflict", "冲突 Conflict", err.Error()), false
	case http.StatusServiceUnavailable:
		p = problem(status, "unavailable", "暂不可用 Unavailable", "a system behind the hub is away; see /readyz")
		p.retry = 5 * time.Second
	default:
		p = problem(http.StatusInternalServerError, "internal", "内部错误 Internal error", "")
	}
	p.ID = id
	return p, true
}

// fail answers with the problem that err is and logs what the caller is not told.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	info := request.From(r.Context())
	p, hidden := problemOf(err, info.ID)
	if hidden && !errors.Is(err, context.Canceled) {
		a.log.LogAttrs(r.Context(), slog.LevelError, "request failed", slog.String("id", info.ID),
			slog.String("operation", info.Operation), slog.String("kind", datarun.KindOf(err).String()), slog.String("error", err.Error()))
	}
	writeProblem(w, p)
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	if p.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((p.retry+time.Second-1)/time.Second)))
	}
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="datarun"`)
	}
	body, _ := json.Marshal(p) //nolint:errchkjson // text and numbers: cannot fail
	writeBody(w, p.Status, "application/problem+json", body)
}

func writeBody(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a caller that went away is no event
}

// Panicked answers a request whose handler panicked.
func Panicked(w http.ResponseWriter, r *http.Request) {
	p, _ := problemOf(errors.New("panic"), request.From(r.Context()).ID)
	writeProblem(w, p)
}
