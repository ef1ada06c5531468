#!/usr/bin/env bats
# That the security suite can fail: old runtimes must fail at least as many of its tests as they did
# when this was written (Debian 12: 16 or 17 with runc 1.1.5, 28 with
# crun 1.8.1, of 105; one race is lost only sometimes).

load helpers

# count_failures RUNTIME MINIMUM
count_failures()
{
	local out failed
	[ -n "${NEGATIVE_CONTROL:-}" ] || skip "takes five minutes: set NEGATIVE_CONTROL=1"
	requires_tool "$1"
	# crun 1.8 wants a hierarchy for hugetlb; a mount namespace keeps it from the others.
	# Nothing of the outer bats may reach the inner one.
	out=$(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "BULKHEAD=$(command -v "$1")" OCI_VERSION=1.0.2 \
		unshare -m sh -c '
		mount -o remount,rw /sys/fs/cgroup
		mkdir -p /sys/fs/cgroup/hugetlb
		mountpoint -q /sys/fs/cgroup/hugetlb ||
			mount -t cgroup -o hugetlb cgroup /sys/fs/cgroup/hugetlb
		exec bats "$@"' sh "$TOP/tests/integration/security.bats" 2>&1 3>&-) || true
	failed=$(grep -c '^not ok' <<<"$out") || true
	echo "$1: $failed"
	[ "$failed" -ge "$2" ] || fail_test "only $failed tests failed with $1" "$out"
	! grep '^not ok.*control' <<<"$out"
}

@test "Debian's runc 1.1.5 fails at least 15 tests" {
	[[ $(runc --version 2>/dev/null) == *" 1.1.5"* ]] || skip "not runc 1.1.5"
	count_failures runc 15
}

@test "Debian's crun 1.8.1 fails at least 24 tests" {
	[[ $(crun --version 2>/dev/null) == *" 1.8.1"* ]] || skip "not crun 1.8.1"
	count_failures crun 24
}
