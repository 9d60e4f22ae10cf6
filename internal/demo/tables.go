package demo

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"datarun"
)

// table is a synthetic table: its columns with their SQL types, and its rows, made one by one.
type table struct {
	name    string
	columns []column
	key     string
	rows    int
	row     func(i int) []string
}

type column struct{ name, sqlType, comment string }

// updatedAt is when the i-th row was last changed, a second after the one before it.
func updatedAt(i int) string {
	return time.Date(2026, 1, 5, 9, 0, i, 0, time.UTC).Format("2006-01-02 15:04:05")
}

// houses is the housing bureau's register (房屋登记).
var houses = table{
	name: "house", key: "house_no", rows: 60_000,
	columns: []column{
		{"house_no", "varchar(20)", "房屋编号"}, {"owner_name", "varchar(50)", "权利人"}, {"owner_id", "varchar(18)", "权利人证件号"},
		{"address", "varchar(200)", "坐落"}, {"area", "numeric(10,2)", "建筑面积"}, {"price", "numeric(14,2)", "成交价"},
		{"registered", "date", "登记日期"}, {"division", "char(6)", "行政区划"}, {"updated_at", "timestamp", "更新时间"},
	},
	row: func(i int) []string {
		r, p := rand.New(rand.NewPCG(1, uint64(i))), newPerson(i%45_000)
		row := []string{
			fmt.Sprintf("EZ%s%08d", p.Division, i), p.Name, p.ID, p.Address, money(r, 4_000, 20_000), money(r, 20_000_000, 300_000_000),
			day(r, 2001, 2025), p.Division, updatedAt(i),
		}
		if kind, is := broken(i); is {
			switch kind {
			case 0:
				row[2] = breakCode(row[2])
			case 1:
				row[7] = "429999"
			case 2:
				row[1] = ""
			}
		}
		return row
	},
}

// firms is the market supervision's register (企业登记).
var firms = table{
	name: "firm", key: "credit_code", rows: 60_000,
	columns: []column{
		{"credit_code", "varchar(18)", "统一社会信用代码"}, {"name", "varchar(100)", "企业名称"}, {"legal_person", "varchar(50)", "法定代表人"},
		{"capital", "numeric(16,2)", "注册资本"}, {"established", "date", "成立日期"}, {"status", "varchar(10)", "登记状态"},
		{"address", "varchar(200)", "住所"}, {"updated_at", "timestamp", "更新时间"},
	},
	row: func(i int) []string {
		r, p := rand.New(rand.NewPCG(2, uint64(i))), newPerson(i*7%45_000)
		row := []string{
			creditCode(i), fmt.Sprintf("鄂州示例%c%c%d商贸有限公司", given[r.IntN(40)], given[r.IntN(40)], i), p.Name, money(r, 1_000_000, 900_000_000),
			day(r, 1992, 2025), []string{"存续", "存续", "存续", "注销", "吊销"}[r.IntN(5)], p.Address, updatedAt(i),
		}
		if kind, is := broken(i); is {
			switch kind {
			case 0:
				row[0] = breakCode(row[0])
			case 1:
				row[4] = "2023-02-30"
			case 2:
				row[3] = "壹佰万"
			}
		}
		return row
	},
}

// permits are the housing bureau's construction permits (施工许可证), certificates with an identifier of GB/T 36904.
var permits = table{
	name: "permit", key: "certificate_id", rows: 3_000,
	columns: []column{
		{"certificate_id", "varchar(128)", "电子证照标识"}, {"certificate_no", "varchar(30)", "证照编号"}, {"holder", "varchar(100)", "持证主体"},
		{"holder_code", "varchar(18)", "持证主体代码"}, {"issued", "date", "颁发日期"}, {"expires", "date", "有效期截止"},
		{"status", "varchar(10)", "状态"}, {"updated_at", "timestamp", "更新时间"},
	},
	row: func(i int) []string {
		r := rand.New(rand.NewPCG(3, uint64(i)))
		kind, issuer, serial := "11100000000013338W009", string(housing), fmt.Sprintf("2026%08d", i)
		body := kind + issuer + serial + "001"
		id := "1.2.156.3005.2." + kind + "." + issuer + "." + serial + ".001." + string(datarun.CertificateCheck(body))
		row := []string{id, "鄂州施" + serial, fmt.Sprintf("鄂州示例建设%d有限公司", i), creditCode(i), day(r, 2020, 2025), day(r, 2026, 2029), "有效", updatedAt(i)}
		if _, is := broken(i); is {
			row[0] = breakCode(row[0])
		}
		return row
	},
}

// allowances is civil affairs' register of minimum living allowances (低保对象), behind a REST interface.
var allowances = table{
	name: "allowance", key: "resident_id", rows: 20_000,
	columns: []column{
		{"resident_id", "", "公民身份号码"}, {"name", "", "姓名"}, {"level", "", "救助等级"}, {"monthly", "", "月救助金额"},
		{"since", "", "享受起始日期"}, {"division", "", "行政区划"},
	},
	row: func(i int) []string {
		r, p := rand.New(rand.NewPCG(4, uint64(i))), newPerson(i*2)
		row := []string{p.ID, p.Name, []string{"A", "B", "C"}[r.IntN(3)], money(r, 30_000, 90_000), day(r, 2015, 2025), p.Division}
		if kind, is := broken(i); is {
			row[kind] = [...]string{breakCode(p.ID), "", "一二三四五六七八九十一"}[kind]
		}
		return row
	},
}

// residents is public security's household register (户籍人口), a GBK CSV.
var residents = table{
	name: "residents", key: "resident_id", rows: 40_000,
	columns: []column{
		{"resident_id", "", "公民身份号码"}, {"name", "", "姓名"}, {"sex", "", "性别"}, {"address", "", "住址"}, {"division", "", "行政区划"}, {"registered", "", "登记日期"},
	},
	row: func(i int) []string {
		r, p := rand.New(rand.NewPCG(5, uint64(i))), newPerson(i)
		row := []string{p.ID, p.Name, p.Sex, p.Address, p.Division, day(r, 1985, 2025)}
		if kind, is := broken(i); is {
			row[[...]int{0, 4, 5}[kind]] = [...]string{breakCode(p.ID), "000000", "昨天"}[kind]
		}
		return row
	},
}

// stays is public security's register of residence permits (居住证), a workbook.
var stays = table{
	name: "stays", key: "permit_no", rows: 5_000,
	columns: []column{
		{"permit_no", "", "居住证编号"}, {"resident_id", "", "公民身份号码"}, {"name", "", "姓名"}, {"address", "", "居住地址"}, {"issued", "", "签发日期"}, {"expires", "", "有效期截止"},
	},
	row: func(i int) []string {
		r, p := rand.New(rand.NewPCG(6, uint64(i))), newPerson(44_999-i)
		row := []string{fmt.Sprintf("JZ4207%08d", i), p.ID, p.Name, p.Address, day(r, 2024, 2025), day(r, 2026, 2027)}
		if kind, is := broken(i); is {
			row[1+kind%2] = [...]string{breakCode(p.ID), ""}[kind%2]
		}
		return row
	},
}

// insured is the province's social insurance system (社保参保), which pushes.
var insured = table{
	name: "insured", key: "resident_id", rows: 25_000,
	columns: []column{
		{"resident_id", "", "公民身份号码"}, {"employer", "", "参保单位"}, {"since", "", "参保日期"}, {"status", "", "参保状态"}, {"contribution", "", "缴费基数"},
	},
	row: func(i int) []string {
		r, p := rand.New(rand.NewPCG(7, uint64(i))), newPerson(i+10_000)
		row := []string{p.ID, creditCode(i % firms.rows), day(r, 1999, 2025), []string{"参保缴费", "暂停缴费", "终止缴费"}[r.IntN(3)], money(r, 400_000, 2_000_000)}
		if kind, is := broken(i); is {
			row[[...]int{0, 1, 4}[kind]] = [...]string{breakCode(p.ID), breakCode(row[1]), "九千"}[kind]
		}
		return row
	},
}

// money is an amount between two numbers of hundredths, as exact text.
func money(r *rand.Rand, low, high int) string {
	cents := low + r.IntN(high-low)
	return strconv.Itoa(cents/100) + "." + fmt.Sprintf("%02d", cents%100)
}
