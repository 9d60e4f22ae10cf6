package datarun

// DivisionCode is an administrative division (行政区划代码, GB/T 2260, 6 digits).
type DivisionCode string
