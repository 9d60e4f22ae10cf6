package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"datarun"
	"datarun/portal/intake"
)

// PushAnswer says what became of each record of a push: those not among the faults were accepted.
type PushAnswer struct {
	Accepted int `json:"accepted" doc:"已接收并持久化的记录数 Records published, durable"`
	Refused  int `json:"refused" doc:"进入隔离区的记录数 Records in quarantine"`
	// Faults are ordered by Index; after the last of 10,000 they are not told.
	Faults []RecordFault `json:"faults" nullable:"false" doc:"有问题的记录，按序号；未列出的均已接收；最多列 10000 条 Records at fault, by index; those not listed were accepted; the first 10,000"`
}

// RecordFault is a record that broke a rule.
type RecordFault struct {
	Index  int              `json:"index" doc:"在请求中的序号，从 0 起 Index in the request, from 0"`
	Rule   datarun.Rule     `json:"rule" enum:"syntax,unknown,twice,required,type,length,range,code,size" doc:"违反的规则 The rule it broke"`
	Item   datarun.ItemName `json:"item,omitempty" doc:"信息项；整行有误时为空 The item; absent when the row as a whole is at fault"`
	Detail string           `json:"detail" doc:"要求是什么，不含数据值 What was expected; never the value"`
	Where  string           `json:"where,omitempty" doc:"行号 Line or row in the body" example:"row 17"`
}

const maxFaults = 10_000

func (a *API) push() operation {
	doc := a.describe(http.MethodPost, "/api/v1/resources/{code}/records", "push-records", "推送记录 Push records",
		"仅限提供方。返回时合格记录已持久化，不合格的进入隔离区并逐条报告。\n\nFor the provider only. When it answers, good records are durable and bad ones are in quarantine and reported. "+
			"A record replaces the one with the same key. Where a body cannot be divided into records beyond doubt (an array that does not close, a CSV quote that does not), nothing of it is taken.")
	a.describePush(&doc)
	return operation{doc: doc, need: forProvider, serve: func(c *call) error { return a.servePush(c, datarun.Upsert, "push") }}
}

func (a *API) erase() operation {
	doc := a.describe(http.MethodPost, "/api/v1/resources/{code}/records/delete", "delete-records", "删除记录 Delete records",
		"仅限提供方。请求体与推送相同，只需键信息项。\n\nFor the provider only. The body is as for a push, with the key items alone. "+
			"Keys travel in the body because a key may be a resident's id number and URLs end up in logs. Deleting what is not there is no error.")
	a.describePush(&doc)
	return operation{doc: doc, need: forProvider, serve: func(c *call) error { return a.servePush(c, datarun.Delete, "delete") }}
}

// servePush reads the whole body before anything is published: a body that turns out broken has left no trace.
func (a *API) servePush(c *call, op datarun.Op, operation string) error {
	whole, err := parseMode(c.r)
	if err != nil {
		return err
	}
	key, done, err := a.claim(c, operation)
	if err != nil {
		return err
	}
	defer done()
	lease, err := a.budget.open(max(min(c.r.ContentLength, a.c.Limits.Body), 256<<10))
	if err != nil {
		return err
	}
	defer lease.close()
	contentType := c.r.Header.Get("Content-Type")
	digest := newDigest(contentType, c.r.URL.Query().Get("mode"))
	records, err := a.readRecords(c, op, contentType, digest, lease)
	if err != nil {
		return err
	}
	request := [32]byte(digest.Sum(nil))
	if answered, err := a.replay(c, key, request); answered || err != nil {
		return err
	}
	answer, err := a.publish(c, records, whole)
	if err != nil {
		return err
	}
	return a.answerPush(c, key, request, answer)
}

func parseMode(r *http.Request) (whole bool, err error) {
	for name, v := range r.URL.Query() {
		switch {
		case name != "mode" || len(v) > 1 || (v[0] != "partial" && v[0] != "whole"):
			return false, invalid("the query may have mode=partial or mode=whole and nothing else")
		default:
			whole = v[0] == "whole"
		}
	}
	return whole, nil
}

// readRecords reads the body by what its content type says it is.
func (a *API) readRecords(c *call, op datarun.Op, contentType string, digest hash.Hash, l *lease) ([]datarun.Record, error) {
	b, err := openBody(c.w, c.r, a.c.Limits.Body, digest)
	if err != nil {
		return nil, err
	}
	reader, err := openRecords(b, op, contentType, &c.entry.Resource)
	if err != nil {
		return nil, err
	}
	records, err := intake.Collect(reader, a.c.Limits.Records, l.grow)
	if errors.Is(err, intake.ErrTooMany) {
		return nil, tooLarge(fmt.Sprintf("more than %d records; send them in parts", a.c.Limits.Records))
	}
	for i := range records {
		records[i].Op = op
	}
	return records, err
}

func openRecords(r io.Reader, op datarun.Op, contentType string, res *datarun.Resource) (intake.Reader, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	charset := params["charset"]
	if err == nil && kind == "text/csv" {
		must := slices.Clone(res.Key)
		for _, it := range res.Items {
			if op == datarun.Upsert && it.Required && !slices.Contains(must, it.Name) {
				must = append(must, it.Name)
			}
		}
		return intake.NewCSV(r, charset, res.Items, must)
	}
	switch {
	case err != nil || (kind != "application/json" && kind != "application/x-ndjson" && kind != "application/jsonl"):
		return nil, unsupported("Content-Type is none of application/json, application/x-ndjson, text/csv")
	case charset != "" && !strings.EqualFold(charset, "utf-8"):
		return nil, unsupported("JSON is UTF-8 (RFC 8259)")
	case kind == "application/json":
		return intake.NewArray(r), nil
	}
	return intake.NewLines(r), nil
}

// publish hands the records on. In whole mode faults are a Problem.
func (a *API) publish(c *call, records []datarun.Record, whole bool) (PushAnswer, error) {
	answer := PushAnswer{Accepted: len(records), Faults: []RecordFault{}}
	if len(records) == 0 {
		return answer, nil
	}
	refused, err := a.c.Publisher.Push(c.r.Context(), Push{
		Agency: c.caller.Agency.Code, Resource: c.entry.Resource.Code, Records: records, Whole: whole, RequestID: c.id,
	})
	if err != nil {
		return answer, err
	}
	answer.Refused = len(refused)
	answer.Accepted -= len(refused)
	for i := range refused[:min(len(refused), maxFaults)] {
		f := &refused[i].Fault
		answer.Faults = append(answer.Faults, RecordFault{refused[i].Index, f.Rule, f.Item, f.Detail, f.Where})
	}
	if whole && len(refused) > 0 {
		p := problem(http.StatusUnprocessableEntity, "faults", "记录有误 Records at fault", fmt.Sprintf("%d of %d records are at fault; nothing was taken", len(refused), len(records)))
		p.Faults = answer.Faults
		return answer, p
	}
	return answer, nil
}

// answerPush remembers the answer before it gives it.
func (a *API) answerPush(c *call, key *IdempotencyKey, request [32]byte, answer PushAnswer) error {
	content, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	if key != nil {
		packed, err := pack(content)
		if err != nil {
			return err
		}
		remembered := Remembered{Request: request, Status: http.StatusOK, Answer: packed, At: c.now.UTC().Truncate(time.Millisecond)}
		if err := a.c.Idempotency.Put(c.r.Context(), *key, remembered); err != nil {
			return err
		}
	}
	writeBody(c.w, http.StatusOK, "application/json", content)
	return nil
}
