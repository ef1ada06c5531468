#!/usr/bin/env bats
# Habits of runc and crun that callers rely on: texts, exit codes, files and formats.

load helpers

@test "state of an unknown id says 'does not exist'" {
	fails 1 "does not exist" bulkhead state "$ID"
}
