package datarun

// The parts of a certificate id after its root, in order.
const (
	partType = iota
	partIssuer
	partSerial
	partVersion
	partCheck
	partCount
)

type span struct{ from, to int }

// certificateParts are the places of the parts in an id. A missing issuer is the zero span.
type certificateParts [partCount]span

func (p *certificateParts) of(id string, part int) string { return id[p[part].from:p[part].to] }

// splitCertificate finds the parts. Either root does: a wrong one is a flaw, not an end.
func splitCertificate[T codeText](v T, p *certificateParts) error {
	if len(v) > maxCertificateID {
		return Errorf(Invalid, certificatePlace, "%d bytes long; at most %d", len(v), maxCertificateID)
	}
	if !hasPrefix(v, certificateRoot+".") && !hasPrefix(v, vendorRoot+".") {
		return Errorf(Invalid, certificatePlace, "does not begin with %s and a dot", certificateRoot)
	}
	n, from := 0, len(certificateRoot)+1
	for i := from; i <= len(v); i++ {
		if i < len(v) && v[i] != '.' {
			continue
		}
		if i == from || n == partCount {
			return partsError()
		}
		p[n] = span{from, i}
		n, from = n+1, i+1
	}
	switch n {
	case partCount:
		return nil
	case partCount - 1:
		copy(p[partSerial:], p[partIssuer:partCheck])
		p[partIssuer] = span{}
		return nil
	}
	return partsError()
}

func partsError() error {
	return Errorf(Invalid, certificatePlace, "want type, issuer, serial, version and check after the root, none empty, with dots between")
}

func hasPrefix[T codeText](v T, prefix string) bool {
	if len(v) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if v[i] != prefix[i] {
			return false
		}
	}
	return true
}

func certificateFlaws[T codeText](v T, p *certificateParts) CertificateFlaw {
	flaws := certificateCheckFlaws(v, p)
	if !hasPrefix(v, certificateRoot) {
		flaws |= FlawRoot
	}
	if s := p[partType]; s.to-s.from != 21 || checkCreditCode(v[s.from:s.from+18]) != nil || digitsOnly(v, s.from+18, s.to) >= 0 {
		flaws |= FlawType
	}
	switch s := p[partIssuer]; {
	case s.to == 0:
		flaws |= FlawNoIssuer
	case s.to-s.from == 6 && digitsOnly(v, s.from, s.to) < 0:
	case checkCreditCode(v[s.from:s.to]) != nil:
		flaws |= FlawIssuer
	}
	if s := p[partVersion]; s.to-s.from != 3 || digitsOnly(v, s.from, s.to) >= 0 || number(v, s.from, s.to) == 0 {
		flaws |= FlawVersion
	}
	return flaws
}

// certificateCheckFlaws sums the parts. Dots and root stay out, as the standard has it; where that does not fit, a sum
// that begins with the root tells a mistake of vendors from a damaged id.
func certificateCheckFlaws[T codeText](v T, p *certificateParts) CertificateFlaw {
	for _, s := range p {
		for i := s.from; i < s.to; i++ {
			if alphanumericIndex[v[i]] < 0 {
				return FlawCheck | FlawCharacter
			}
		}
	}
	sum := func(p0 int) byte {
		for _, s := range p[:partCheck] {
			for i := s.from; i < s.to; i++ {
				p0 = mod3736(p0, v[i])
			}
		}
		return mod3736Check(p0)
	}
	s := p[partCheck]
	switch check := v[s.from]; {
	case s.to-s.from == 1 && check == sum(mod3736Start):
		return 0
	case s.to-s.from == 1 && check == sum(rootSum(v)):
		return FlawCheck | FlawRootSummed
	}
	return FlawCheck
}

// rootSum is the running product after the digits of the root.
func rootSum[T codeText](v T) int {
	sum := mod3736Start
	for i := range len(certificateRoot) {
		if v[i] != '.' {
			sum = mod3736(sum, v[i])
		}
	}
	return sum
}
