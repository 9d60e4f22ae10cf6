package datarun

// ItemName names an item inside its resource: the JSON member, the column. 1–128 characters of letters (any script),
// digits and underscore, not beginning with a digit or an underscore (names beginning with _ are the hub's own).
type ItemName string

// ItemType is the data type of an item, in the letters of the metadata standard.
type ItemType string

// The types. Beside each: the JSON that a record carries, and what the warehouse makes of it.
const (
	Char     ItemType = "C" // 字符: string → String; Length is the most characters allowed, 0 for no limit
	Numeric  ItemType = "N" // 数值: decimal string or number → Decimal(Length, Scale); Length is all digits, ≤76
	Currency ItemType = "Y" // 货币: decimal string → Decimal(Length or 20, Scale or 2)
	Date     ItemType = "D" // 日期: "2006-01-02", 1900-01-01 to 2299-12-31 → Date32
	DateTime ItemType = "T" // 日期时间: RFC 3339 with a zone, ≤3 fractional digits, years 1900–2299 → DateTime64(3, 'Asia/Shanghai')
	Bool     ItemType = "L" // 逻辑: true/false → Bool
	Memo     ItemType = "M" // 备注: string of any length → String
	General  ItemType = "G" // 通用: any JSON value, kept as its text → String
	Double   ItemType = "B" // 双精度: number → Float64
	Integer  ItemType = "I" // 整型: number without fraction, 64 bits → Int64
	Float    ItemType = "F" // 浮点: number → Float64
)

// Item is one field of a resource (信息项).
type Item struct {
	Name     ItemName   `json:"name" yaml:"name"`
	Title    string     `json:"title,omitempty" yaml:"title,omitempty"` // Chinese label that users see, ≤128
	Type     ItemType   `json:"type" yaml:"type"`
	Length   int        `json:"length,omitempty" yaml:"length,omitempty"`     // C: characters; N, Y: total digits
	Scale    int        `json:"scale,omitempty" yaml:"scale,omitempty"`       // N, Y: digits after the point
	Required bool       `json:"required,omitempty" yaml:"required,omitempty"` // absent, null and "" are refused
	Code     CodeSystem `json:"code,omitempty" yaml:"code,omitempty"`         // the value must be a valid code of this system
	Personal bool       `json:"personal,omitempty" yaml:"personal,omitempty"` // holds personal information: masked where shown to operators
}

// CodeSystem names a system of codes with rules of its own.
type CodeSystem string

// The code systems. ValidateCode checks a value against one.
const (
	ResidentID    CodeSystem = "resident_id"    // 公民身份号码 GB 11643
	CreditCode    CodeSystem = "uscc"           // 统一社会信用代码 GB 32100
	OrgCode       CodeSystem = "org_code"       // 组织机构代码 GB 11714
	Division      CodeSystem = "division"       // 行政区划代码 GB/T 2260
	CertificateNo CodeSystem = "certificate_id" // 电子证照标识 GB/T 36904
)
