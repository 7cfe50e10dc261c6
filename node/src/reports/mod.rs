//! Reports: a month is closed, counted, signed and offered to the coordinator.
