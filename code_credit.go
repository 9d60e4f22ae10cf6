package datarun

const (
	creditPlace    = "credit code"
	creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY" // GB 32100: without I O S V Z
)

var (
	creditIndex   = indexOf(creditAlphabet)
	creditWeights = [17]int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28} // 3^i mod 31
)

// CreditCodeParts is what a unified social credit code (统一社会信用代码, GB 32100) says.
type CreditCodeParts struct {
	Category     string       // characters 1-2, who registers what: "11"
	CategoryName string       // the same in Chinese: "机构编制 机关"
	Division     DivisionCode // of the registering authority; 100000 for the state
	Org          string       // characters 9-17: the organisation code (GB 11714) without a hyphen
}

// creditCategories are the first two characters in use: GB 32100-2015 with its amendment XG1-2016, and 54, which the
// civil affairs side has given to village and residents' committees since 2017.
var creditCategories = map[string]string{
	"11": "机构编制 机关", "12": "机构编制 事业单位", "13": "机构编制 群众团体", "19": "机构编制 其他",
	"21": "外交 外国常驻新闻机构", "29": "外交 其他",
	"31": "司法行政 律师执业机构", "32": "司法行政 公证处", "33": "司法行政 基层法律服务所", "34": "司法行政 司法鉴定机构",
	"35": "司法行政 仲裁委员会", "39": "司法行政 其他",
	"41": "文化 外国在华文化中心", "49": "文化 其他",
	"51": "民政 社会团体", "52": "民政 民办非企业单位", "53": "民政 基金会", "54": "民政 基层群众性自治组织", "59": "民政 其他",
	"61": "旅游 外国旅游部门常驻代表机构", "62": "旅游 港澳台地区旅游部门常驻内地(大陆)代表机构", "69": "旅游 其他",
	"71": "宗教 宗教活动场所", "72": "宗教 宗教院校", "79": "宗教 其他",
	"81": "工会 基层工会", "89": "工会 其他",
	"91": "市场监管 企业", "92": "市场监管 个体工商户", "93": "市场监管 农民专业合作社",
	"A1": "军队 事业单位", "A9": "军队 其他",
	"N1": "农业 组级集体经济组织", "N2": "农业 村级集体经济组织", "N3": "农业 乡镇级集体经济组织", "N9": "农业 其他",
	"Y1": "其他",
}

// creditCategory is creditCategories for the hot path, by the places of the two characters in the alphabet.
var creditCategory = func() (known [len(creditAlphabet)][len(creditAlphabet)]bool) {
	for c := range creditCategories {
		known[creditIndex[c[0]]][creditIndex[c[1]]] = true
	}
	return known
}()

// CreditCodeCheck returns the check character for the first 17 characters of a unified social credit code, or 0 when
// body is not 17 characters of its alphabet. Characters 9-17 must be an organisation code with its own check already.
func CreditCodeCheck[T codeText](body T) byte {
	if len(body) != 17 || creditBody(body, 17) >= 0 {
		return 0
	}
	return creditCheck(body)
}

// creditBody returns the index of the first of n bytes that is not of the alphabet, or -1.
func creditBody[T codeText](v T, n int) int {
	for i := range n {
		if creditIndex[v[i]] < 0 {
			return i
		}
	}
	return -1
}

func creditCheck[T codeText](v T) byte {
	sum := 0
	for i, w := range creditWeights {
		sum += int(creditIndex[v[i]]) * w
	}
	return creditAlphabet[(31-sum%31)%31]
}

func checkCreditCode[T codeText](v T) error {
	if len(v) != 18 {
		return Errorf(Invalid, creditPlace, "%d bytes long; want 18 characters", len(v))
	}
	if i := creditBody(v, 18); i >= 0 {
		return Errorf(Invalid, creditPlace, "position %d: want a digit or a capital letter other than I, O, S, V, Z", i+1)
	}
	if !creditCategory[creditIndex[v[0]]][creditIndex[v[1]]] {
		return Errorf(Invalid, creditPlace, "positions 1-2: no such registering authority and category")
	}
	if i := digitsOnly(v, 2, 8); i >= 0 {
		return Errorf(Invalid, creditPlace, "position %d: want a digit", i+1)
	}
	if v[16] != orgCheck(v, 8) {
		return Errorf(Invalid, creditPlace, "position 17: check character of the organisation code in positions 9-17 does not match")
	}
	if v[17] != creditCheck(v) {
		return Errorf(Invalid, creditPlace, "position 18: check character does not match")
	}
	return nil
}

// ParseCreditCode validates a unified social credit code and takes it apart.
func ParseCreditCode(code string) (CreditCodeParts, error) {
	if err := checkCreditCode(code); err != nil {
		return CreditCodeParts{}, err
	}
	return CreditCodeParts{
		Category:     code[:2],
		CategoryName: creditCategories[code[:2]],
		Division:     DivisionCode(code[2:8]),
		Org:          code[8:17],
	}, nil
}
