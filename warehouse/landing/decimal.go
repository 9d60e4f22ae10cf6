package landing

import (
	"encoding/binary"
	"math/big"
	"math/bits"

	"datarun"
)

// decimal appends a decimal as the whole number that it is without its point, in as many bytes as the column has. No
// floating point takes part. Zeros beyond the scale are allowed, other digits are not.
func (c *column) decimal(f *field, text []byte) (datarun.Rule, string) {
	var buf [128]byte
	digits, negative, rule := unscaled(text, f.precision, f.scale, buf[:0])
	if rule != "" {
		return rule, "want " + f.want()
	}
	switch f.kind {
	case kindDec32, kindDec64:
		var n int64
		for _, d := range digits {
			n = n*10 + int64(d-'0')
		}
		if negative {
			n = -n
		}
		if f.kind == kindDec32 {
			c.data = binary.LittleEndian.AppendUint32(c.data, uint32(int32(n)))
		} else {
			c.data = binary.LittleEndian.AppendUint64(c.data, uint64(n))
		}
	case kindDec128:
		c.data = append128(c.data, digits, negative)
	default:
		c.data = append256(c.data, digits, negative)
	}
	return "", ""
}

// unscaled appends to dst the digits of text·10^scale, without leading zeros: [-+]digits[.digits][e[-+]digits].
func unscaled(text []byte, precision, scale int, dst []byte) (digits []byte, negative bool, rule datarun.Rule) {
	i := 0
	if i < len(text) && (text[i] == '-' || text[i] == '+') {
		negative = text[i] == '-'
		i++
	}
	point, some := -1, false // digits after the point so far; -1 before it
	for ; i < len(text); i++ {
		switch ch := text[i]; {
		case ch >= '0' && ch <= '9':
			some = true
			if point >= 0 {
				point++
			}
			if ch == '0' && len(dst) == 0 {
				continue
			}
			if len(dst) == cap(dst) {
				return nil, false, datarun.RuleLength // more digits than any decimal has, zeros at the end included
			}
			dst = append(dst, ch)
			continue
		case ch == '.' && point < 0:
			point = 0
			continue
		case (ch == 'e' || ch == 'E') && some:
			exponent, ok := parseInt(text[i+1:])
			if !ok || exponent > 1000 || exponent < -1000 {
				return nil, false, datarun.RuleType
			}
			point = max(point, 0) - int(exponent)
			return shift(dst, scale-point, precision, negative)
		}
		return nil, false, datarun.RuleType
	}
	if !some || point == 0 && text[len(text)-1] == '.' {
		return nil, false, datarun.RuleType
	}
	return shift(dst, scale-max(point, 0), precision, negative)
}

// shift multiplies by 10^by, which must not lose a digit nor make more than precision.
func shift(digits []byte, by, precision int, negative bool) ([]byte, bool, datarun.Rule) {
	if len(digits) == 0 {
		return digits, false, ""
	}
	for ; by < 0; by++ {
		if len(digits) == 0 || digits[len(digits)-1] != '0' {
			return nil, false, datarun.RuleLength
		}
		digits = digits[:len(digits)-1]
	}
	if len(digits)+by > precision {
		return nil, false, datarun.RuleLength
	}
	for ; by > 0; by-- {
		digits = append(digits, '0')
	}
	return digits, negative, ""
}

// append128 appends up to 38 digits as a little-endian 128-bit number.
func append128(dst, digits []byte, negative bool) []byte {
	var hi, lo uint64
	for _, d := range digits {
		over, low := bits.Mul64(lo, 10)
		var carry uint64
		lo, carry = bits.Add64(low, uint64(d-'0'), 0)
		hi = hi*10 + over + carry
	}
	if negative {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
	}
	dst = binary.LittleEndian.AppendUint64(dst, lo)
	return binary.LittleEndian.AppendUint64(dst, hi)
}

// append256 appends up to 76 digits as a little-endian 256-bit number.
func append256(dst, digits []byte, negative bool) []byte {
	n := new(big.Int)
	if len(digits) > 0 {
		n.SetString(string(digits), 10)
	}
	if negative {
		n.Sub(new(big.Int).Lsh(big.NewInt(1), 256), n)
	}
	var b [32]byte
	n.FillBytes(b[:])
	for i := len(b) - 1; i >= 0; i-- {
		dst = append(dst, b[i])
	}
	return dst
}
