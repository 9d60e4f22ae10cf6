package api

import (
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"datarun"
)

// Version is the version of the API as its document states it: major.minor, where a minor step only adds.
const Version = "1.0"

// newDocument is an empty document. The library's own pages are switched off: its docs page loads scripts from a public
// network that a government network does not reach.
func newDocument() huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{Title: "datarun 政务数据共享交换接口 Exchange API", Version: Version,
				Description: "一次共享，多方使用。Data is shared once; from then on the data runs instead of people."},
			Tags: []*huma.Tag{
				{Name: "目录 Directory", Description: "有哪些信息资源 Which resources there are"},
				{Name: "推送 Push", Description: "提供方送数 How a provider shares records"},
				{Name: "查询 Lookup", Description: "获得授权的部门取数 How a granted agency reads them"},
				{Name: "运行 Operation", Description: "存活与就绪 Whether the hub is up"},
			},
			Components: &huma.Components{
				Schemas:   huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				Responses: map[string]*huma.Response{},
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"bearer":      {Type: "http", Scheme: "bearer", Description: "API 密钥，形如 dr_… API key in the Authorization header"},
					"key":         {Type: "apiKey", In: "header", Name: "X-API-Key", Description: "API 密钥 API key in a header of its own"},
					"certificate": {Type: "mutualTLS", Description: "客户端证书，其主体登记在目录中 Client certificate whose subject the catalogue lists"},
				},
			},
		},
		Formats:       huma.DefaultFormats,
		DefaultFormat: "application/json",
	}
}

// describe begins the description of an operation.
func (a *API) describe(method, path, id, summary, description string) huma.Operation {
	op := huma.Operation{Method: method, Path: path, OperationID: id, Summary: summary, Description: description, Responses: map[string]*huma.Response{}}
	switch {
	case strings.HasSuffix(path, "z"):
		op.Tags = []string{"运行 Operation"}
	case strings.Contains(path, "/records"):
		op.Tags = []string{"推送 Push"}
	case method == http.MethodPost:
		op.Tags = []string{"查询 Lookup"}
	default:
		op.Tags = []string{"目录 Directory"}
	}
	if strings.Contains(path, "{code}") {
		op.Parameters = append(op.Parameters, &huma.Param{Name: "code", In: "path", Required: true, Schema: &huma.Schema{Type: "string", MaxLength: ptr(datarun.MaxResourceCode)},
			Description: "信息资源代码，以点代斜线 Resource code with a dot for the slash", Example: "306001.000001"})
	}
	return op
}

func query(name, kind, description string) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: description, Schema: &huma.Schema{Type: kind}}
}

func (a *API) schema(v any) *huma.Schema {
	return a.spec.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(v), true, "")
}

func (a *API) answer(description string, v any) *huma.Response {
	return &huma.Response{Description: description, Content: map[string]*huma.MediaType{"application/json": {Schema: a.schema(v)}}}
}

func (a *API) accepts(op *huma.Operation, v any) {
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: a.schema(v)}}}
}

var problemTexts = map[int]string{
	400: "请求体不完整 The body broke off",
	401: "未认证 No or wrong credentials",
	404: "不存在，或无权知晓 It does not exist, or the caller may not know that it does",
	408: "读取超时 The body took too long to come",
	409: "同一幂等键的请求处理中 A request with this Idempotency-Key is under way",
	413: "请求过大 Too large",
	415: "格式不支持 Content-Type or Content-Encoding is not supported",
	422: "请求无效 The request is wrong and stays wrong",
	429: "请稍后重试，见 Retry-After Try again after Retry-After",
	500: "内部错误，请告知运维请求编号 A fault of the hub; tell the operator the id",
	503: "暂不可用，见 /readyz A system behind the hub is away",
}

// answers describes the good answer and the problems; 500 is everywhere.
func (a *API) answers(op *huma.Operation, v any, problems ...int) {
	op.Responses["200"] = a.answer("成功 Done", v)
	for _, status := range append(problems, 500) {
		name := "Problem" + strconv.Itoa(status)
		a.spec.OpenAPI().Components.Responses[name] = &huma.Response{Description: problemTexts[status],
			Content: map[string]*huma.MediaType{"application/problem+json": {Schema: a.schema(Problem{})}}}
		op.Responses[strconv.Itoa(status)] = &huma.Response{Ref: "#/components/responses/" + name}
	}
}

func (a *API) describePush(op *huma.Operation) {
	op.Parameters = append(op.Parameters,
		&huma.Param{Name: "mode", In: "query", Description: "partial（默认）：合格的发布，不合格的隔离；whole：有一条不合格则都不收 partial (default): good records are published, bad ones quarantined; whole: all or nothing",
			Schema: &huma.Schema{Type: "string", Enum: []any{"partial", "whole"}, Default: "partial"}},
		&huma.Param{Name: "Idempotency-Key", In: "header", Description: "幂等键：同键同内容，得到同样的回答 Same key and same body: the same answer again, and nothing taken twice",
			Schema: &huma.Schema{Type: "string", MinLength: ptr(1), MaxLength: ptr(128)}},
		&huma.Param{Name: "Content-Encoding", In: "header", Schema: &huma.Schema{Type: "string", Enum: []any{"identity", "gzip"}}})
	rows := &huma.Schema{Type: "array", Items: &huma.Schema{Type: "object", Description: "信息项名 → 值 Item name → value", AdditionalProperties: true}}
	example := func(v any) *huma.MediaType { return &huma.MediaType{Schema: &huma.Schema{Type: "string"}, Example: v} }
	op.RequestBody = &huma.RequestBody{Required: true,
		Description: "JSON 数组、NDJSON 或 CSV（表头为信息项名，charset 可为 utf-8、gbk、gb18030）；解压后不超过 32 MiB、50000 条，单条不超过 1 MiB " +
			"A JSON array, NDJSON or CSV (the header names items; charset utf-8, gbk or gb18030); at most 32 MiB decompressed, 50,000 records, 1 MiB each",
		Content: map[string]*huma.MediaType{
			"application/json":     {Schema: rows},
			"application/x-ndjson": example("{\"id\":\"1\",\"name\":\"甲\"}\n{\"id\":\"2\",\"name\":\"乙\"}\n"),
			"text/csv":             example("id,name\n1,甲\n2,乙\n"),
		}}
	a.answers(op, PushAnswer{}, 400, 401, 404, 408, 409, 413, 415, 422, 429, 503)
	op.Responses["200"].Headers = map[string]*huma.Param{"Idempotency-Replayed": {Description: "true：此前已给出的回答 true: an answer given before", Schema: &huma.Schema{Type: "string"}}}
}

// Schema describes a key as text or object.
func (Key) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{
		{Type: "string", Description: "只有一个键项时 Where the resource has one key item"},
		{Type: "object", Description: "键项名 → 值 Key item → value", AdditionalProperties: true},
	}, Description: "记录键 Key of a record"}
}

func ptr[T any](v T) *T { return &v }
