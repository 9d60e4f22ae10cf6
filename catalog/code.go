package catalog

import (
	"regexp"

	"datarun"
)

var forms = map[datarun.CodeSystem]*regexp.Regexp{
	datarun.CreditCode: regexp.MustCompile(`^[0-9A-HJ-NPQRTUWXY]{18}$`),
	datarun.Division:   regexp.MustCompile(`^[0-9]{6}$`),
}

// code checks a code by its system's rules.
func (c checker) code(path string, system datarun.CodeSystem, value string) {
	if !forms[system].MatchString(value) {
		c.bad(path, RuleForm, "is no valid code of %s", system)
	}
}
