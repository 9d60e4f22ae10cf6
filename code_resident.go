package datarun

import (
	"sync/atomic"
	"time"
)

// Sex is as GB/T 2261.1 numbers it.
type Sex int

// The sexes that a resident id can tell.
const (
	Male   Sex = 1 // 男: the 17th digit is odd
	Female Sex = 2 // 女: the 17th digit is even
)

// ResidentIDParts is what a resident id (公民身份号码, GB 11643) says. All of it is personal information.
type ResidentIDParts struct {
	Division DivisionCode // where the id was first given out; its code then, which may be retired by now
	Birth    string       // YYYY-MM-DD
	Sex      Sex
}

const (
	residentPlace  = "resident id"
	residentChecks = "10X98765432" // by Σ mod 11
	// firstBirthYear is not of the standard: nobody born before could have been given an id, so a year below is a
	// typing error that the check character let through.
	firstBirthYear = 1800
)

var residentWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

// ResidentIDCheck returns the check character for the first 17 digits of a resident id, or 0 when body is not 17 digits.
func ResidentIDCheck[T codeText](body T) byte {
	if len(body) != 17 || digitsOnly(body, 0, 17) >= 0 {
		return 0
	}
	return residentCheck(body)
}

func residentCheck[T codeText](v T) byte {
	sum := 0
	for i, w := range residentWeights {
		sum += int(v[i]-'0') * w
	}
	return residentChecks[sum%11]
}

func checkResidentID[T codeText](v T) error {
	if len(v) != 18 {
		if len(v) == 15 && digitsOnly(v, 0, 15) < 0 {
			return Errorf(Invalid, residentPlace, "a 15-digit number of before 1999; 18 characters are wanted, so upgrade it at the source")
		}
		return Errorf(Invalid, residentPlace, "%d bytes long; want 18 characters", len(v))
	}
	if i := digitsOnly(v, 0, 17); i >= 0 {
		return Errorf(Invalid, residentPlace, "position %d: want a digit", i+1)
	}
	if !residentProvince(number(v, 0, 2)) {
		return Errorf(Invalid, residentPlace, "positions 1-2: no such province")
	}
	if err := checkBirth(number(v, 6, 14)); err != nil {
		return err
	}
	if c := v[17]; !isDigit(c) && c != 'X' {
		return Errorf(Invalid, residentPlace, "position 18: want a digit or a capital X")
	}
	if v[17] != residentCheck(v) {
		return Errorf(Invalid, residentPlace, "position 18: check character does not match")
	}
	return nil
}

// residentProvince knows the provinces of GB/T 2260, and 83, under which residents from Taiwan are given numbers on the
// mainland (710000 is the province itself).
func residentProvince(p int) bool {
	switch p / 10 {
	case 1:
		return p >= 11 && p <= 15
	case 2:
		return p >= 21 && p <= 23
	case 3:
		return p >= 31 && p <= 37
	case 4:
		return p >= 41 && p <= 46
	case 5:
		return p >= 50 && p <= 54
	case 6:
		return p >= 61 && p <= 65
	}
	return p == 71 || p == 81 || p == 82 || p == 83
}

func checkBirth(ymd int) error {
	switch year := ymd / 10000; {
	case !dateExists(year, ymd/100%100, ymd%100):
		return Errorf(Invalid, residentPlace, "positions 7-14: date does not exist")
	case year < firstBirthYear:
		return Errorf(Invalid, residentPlace, "positions 7-14: date is before %d", firstBirthYear)
	case inFuture(ymd):
		return Errorf(Invalid, residentPlace, "positions 7-14: date is in the future")
	}
	return nil
}

var monthDays = [13]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func dateExists(year, month, day int) bool {
	if month < 1 || month > 12 || day < 1 {
		return false
	}
	if month == 2 && day == 29 {
		return year%4 == 0 && (year%100 != 0 || year%400 == 0)
	}
	return day <= monthDays[month]
}

// lastToday is the latest day, yyyymmdd in China, that inFuture has seen. The clock is asked only about dates after it.
var lastToday atomic.Int32

func inFuture(ymd int) bool {
	if ymd <= int(lastToday.Load()) {
		return false
	}
	y, m, d := time.Now().In(China).Date()
	today := y*10000 + int(m)*100 + d
	lastToday.Store(int32(today))
	return ymd > today
}

// ParseResidentID validates an 18-character resident id and takes it apart.
func ParseResidentID(id string) (ResidentIDParts, error) {
	if err := checkResidentID(id); err != nil {
		return ResidentIDParts{}, err
	}
	sex := Female
	if id[16]&1 == 1 {
		sex = Male
	}
	return ResidentIDParts{Division: DivisionCode(id[:6]), Birth: id[6:10] + "-" + id[10:12] + "-" + id[12:14], Sex: sex}, nil
}

// UpgradeResidentID turns a 15-digit resident id of before 1999 into the 18-character one: the century 19 goes in before
// the year, the check character at the end. Sequence numbers 996 to 999 were kept for people born in the 1800s, so they
// are refused: their century is unclear. The result passes ValidateCode.
func UpgradeResidentID(id15 string) (string, error) {
	if len(id15) != 15 {
		return "", Errorf(Invalid, residentPlace, "%d bytes long; want 15 digits", len(id15))
	}
	if i := digitsOnly(id15, 0, 15); i >= 0 {
		return "", Errorf(Invalid, residentPlace, "position %d: want a digit", i+1)
	}
	if number(id15, 12, 15) >= 996 {
		return "", Errorf(Invalid, residentPlace, "positions 13-15: kept for births in the 1800s; the century is unclear")
	}
	body := id15[:6] + "19" + id15[6:]
	if !residentProvince(number(body, 0, 2)) {
		return "", Errorf(Invalid, residentPlace, "positions 1-2: no such province")
	}
	if ymd := number(body, 6, 14); !dateExists(ymd/10000, ymd/100%100, ymd%100) {
		return "", Errorf(Invalid, residentPlace, "positions 7-12: date does not exist in the 1900s")
	}
	return body + string(rune(residentCheck(body))), nil
}
