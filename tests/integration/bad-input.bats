#!/usr/bin/env bats
# Every input that must be refused: one clear error that names the field or path, and nothing left behind.

load helpers

@test "a bundle that does not exist is refused" {
	fails 1 "no such file or directory" bulkhead run --bundle "$WORK/nowhere" "$ID"
	assert_nothing_left
}
