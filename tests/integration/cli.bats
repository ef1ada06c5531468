#!/usr/bin/env bats
# The command line itself: help, version, forms of flags, wrong arguments, the log.

load helpers

@test "--help exits with 0 and lists the commands" {
	succeeds bulkhead --help
	for command in create start run exec kill delete state list ps pause resume update events spec features; do
		contains "$output" "$command"
	done
}
