package demo

import (
	"fmt"
	"math/rand/v2"
	"time"

	"datarun"
)

// person is a synthetic resident.
type person struct {
	ID, Name, Sex, Division, Address string
}

var (
	surnames  = []rune("王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万")
	given     = []rune("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉秀文建国志海春梅红云飞鹏辉玲燕婷雪慧莹佳嘉欣怡子涵浩宇轩梓晨一诺思远博文俊熙若曦雨泽𠮷")
	divisions = []string{"420702", "420703", "420704"}
	towns     = map[string][]string{
		"420702": {"太和镇", "东沟镇", "梁子镇", "涂家垴镇", "沼山镇"},
		"420703": {"华容镇", "葛店镇", "庙岭镇", "段店镇", "临江乡", "蒲团乡"},
		"420704": {"凤凰街道", "古楼街道", "西山街道", "樊口街道", "泽林镇", "杜山镇", "碧石渡镇", "汀祖镇", "燕矶镇", "杨叶镇", "花湖镇", "长港镇", "沙窝乡"},
	}
	districts = map[string]string{"420702": "梁子湖区", "420703": "华容区", "420704": "鄂城区"}
)

// newPerson is the i-th resident of the city; the same i is always the same person.
func newPerson(i int) person {
	r := rand.New(rand.NewPCG(42, uint64(i)))
	p := person{Division: divisions[r.IntN(len(divisions))]}
	born := time.Date(1850, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i/1000*390+r.IntN(390))
	// Each thousand of residents has birthdays of its own, so that no two share a number.
	body := fmt.Sprintf("%s%s%03d", p.Division, born.Format("20060102"), i%1000)
	p.ID = body + string(datarun.ResidentIDCheck(body))
	p.Sex = "女"
	if (i%1000)%2 == 1 {
		p.Sex = "男"
	}
	p.Name = string(surnames[r.IntN(len(surnames))]) + string(given[r.IntN(len(given))])
	if r.IntN(3) > 0 {
		p.Name += string(given[r.IntN(len(given))])
	}
	p.Address = address(r, p.Division)
	return p
}

func address(r *rand.Rand, division string) string {
	t := towns[division]
	return fmt.Sprintf("湖北省鄂州市%s%s示例路%d号%d栋%d室", districts[division], t[r.IntN(len(t))], 1+r.IntN(300), 1+r.IntN(30), 101+r.IntN(20)*100+r.IntN(4))
}

// creditCode is the code of the i-th synthetic firm.
func creditCode(i int) string {
	body := "91" + divisions[i%len(divisions)] + orgCode(fmt.Sprintf("MA9%05d", i))
	return body + string(datarun.CreditCodeCheck(body))
}

func orgCode(body string) string { return body + string(datarun.OrgCodeCheck(body)) }

// day is a synthetic date between the two years.
func day(r *rand.Rand, from, to int) string {
	start := time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC)
	return start.AddDate(0, 0, r.IntN((to-from+1)*365)).Format("2006-01-02")
}

// broken says whether the i-th row of a table is one of those broken on purpose, about two in a thousand, and how.
func broken(i int) (kind int, is bool) { return i / 500 % 3, i%500 == 499 }

// breakCode spoils the check digit.
func breakCode(code string) string {
	last := code[len(code)-1]
	if last == '1' {
		return code[:len(code)-1] + "2"
	}
	return code[:len(code)-1] + "1"
}
