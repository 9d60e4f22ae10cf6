package demo

import "datarun"

// The agencies of the synthetic city, as catalog/agencies.yaml registers them.
const (
	housing  datarun.AgencyCode = "11420700000099418A"
	market   datarun.AgencyCode = "114207000000994265"
	civil    datarun.AgencyCode = "114207000000994340"
	police   datarun.AgencyCode = "11420700000099442T"
	province datarun.AgencyCode = "11420000000099450H"
	window   datarun.AgencyCode = "11420700000099469J"
)
