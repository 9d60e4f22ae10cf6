// Package datarun holds the words of the exchange hub: the ids, code systems and shapes that every other package
// speaks in. It imports the standard library only, does no I/O and starts nothing.
//
// One word per idea, everywhere (Go, SQL, topics, metrics, pages, docs):
//
//	agency       部门            a department that provides or asks for data
//	resource     信息资源         one entry of the shared directory (政务数据目录)
//	item         信息项          one field of a resource
//	record       记录            one row of a resource, as a source gave it
//	envelope     信封            a record that passed the check and carries its metadata
//	position     位点            where a source is to be read on from; opaque to the hub
//	grant        授权            an agency may read a resource, for a purpose, until a day
//	application  共享申请         an agency asks for a grant
//	objection    校核/异议        somebody says that a record is wrong
//	certificate  电子证照         an electronic certificate (GB/T 36901–36906)
//	holder       持证主体         who a certificate was issued to
//	matter       事项            what an applicant comes to a window for
//	material     材料            what a matter asks the applicant to bring
//	waiver       免提交          a material that need not be brought, and why
//	lookup       查询            one read of shared data by key, for a purpose and a case
//	clock        时限            a statutory limit in working days
//	card         预警/黄牌/红牌    a clock's warning
//	ledger       账本            who took what, when, for what; hash-chained
//	quarantine   隔离区          where records that break a rule wait for a person
//	source       数据源          a system of an agency that a connector reads
//	stream       数据流          one table, file pattern or endpoint of a source, feeding one resource
//	fault        问题            the rule a record broke, and where
//
// Guarantees: values of these types never share memory with the caller after a function of this package returned,
// unless its comment says so; no error text contains a value that could be personal, only positions, rules and counts.
//
// It does not: parse configuration, know topics, tables or URLs, or keep state.
package datarun
