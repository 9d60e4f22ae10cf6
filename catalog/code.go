package catalog

import "datarun"

// code checks a code by its system's rules. The directory's own codes are public (agencies, divisions), so the rule that
// failed may be named in full.
func (c checker) code(path string, system datarun.CodeSystem, value string) {
	if err := datarun.ValidateCode(system, value); err != nil {
		c.bad(path, RuleForm, "%v", err)
	}
}
