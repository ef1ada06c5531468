# What the groups of tests share. Each script of tests/lab/groups is one group: it prints TAP (of each suite,
# in turn), last of all one line "GROUP: N ok, N not ok, N skipped", and exits with 0 if nothing failed.
#
#   BULKHEAD=PATH        the runtime under test (default build/bulkhead)
#   LAB_KERNEL=VERSION   another kernel for the groups in the lab
#   LAB_SHARDS=N         labs side by side, one processor each (default: the machine's processors, at most 4)
#
# Options of the scripts go to bats (--filter and the like).
#
# shellcheck shell=bash

GROUPS_TOP=$(cd "${BASH_SOURCE[0]%/*}/../../.." && pwd)
GROUPS_CACHE=$GROUPS_TOP/tests/.cache/lab
export BULKHEAD=${BULKHEAD:-$GROUPS_TOP/build/bulkhead}
mkdir -p "$GROUPS_CACHE"
[ -x "$BULKHEAD" ] || {
	echo "lab: the runtime is not at $BULKHEAD (build it, or set BULKHEAD)" >&2
	exit 1
}
# shellcheck source=tests/lib/jobs.bash
. "$GROUPS_TOP/tests/lib/jobs.bash"
LOGS=$(mktemp -d "$GROUPS_CACHE/logs.XXXXXX")
trap 'jobs_end; rm -rf "$LOGS"' EXIT

# build_program NAME [OPTION...]: tests/lab/lib/NAME.c in the cache.
build_program()
{
	local source=$GROUPS_TOP/tests/lab/lib/$1.c program=$GROUPS_CACHE/$1
	shift
	if [ ! -x "$program" ] || [ "$source" -nt "$program" ]; then
		cc -std=gnu17 -O2 -Wall -D_GNU_SOURCE -o "$program.$$" "$source" "$@" && mv "$program.$$" "$program"
	fi
}

# What the suites compile, here and now: in the lab it would take long, and be lost with it.
build_test_tools()
{
	(
		# shellcheck source=/dev/null
		. "$GROUPS_TOP/tests/integration/helpers.bash"
		build_cache && . "$GROUPS_TOP/tests/integration/tool.bash" && build_tool shim
	)
}

# count_results LOG...: "N ok, N not ok, N skipped".
count_results()
{
	awk '/^ok / { if (/ # skip/) skipped++; else ok++ } /^not ok / { failed++ }
		END { printf "%d ok, %d not ok, %d skipped\n", ok, failed, skipped }' "$@"
}

# split_suites SHARDS FILE...: a line of files for each shard, with about as many tests in each.
split_suites()
{
	local shards=$1
	shift
	grep -c '^@test' "$@" /dev/null | sed '$d' | sort -t: -k2 -rn | awk -F: -v shards="$shards" '{
		least = 1
		for (i = 2; i <= shards; i++)
			if (tests[i] < tests[least]) least = i
		tests[least] += $2
		files[least] = files[least] " " $1
	} END { for (i = 1; i <= shards; i++) print files[i] }'
}

# lab_group NAME SECONDS "LAB-OPTION..." FILE... -- [BATS-OPTION...]: suites of tests/integration, in labs side by side.
lab_group()
{
	local name=$1 seconds=$2 options=$3 shards files log status=0 job logs=() jobs=() suites=()
	shift 3
	while [ "$1" != -- ]; do
		suites+=("$1")
		shift
	done
	shift
	shards=${LAB_SHARDS:-$(nproc)}
	[ "$shards" -le 4 ] || shards=4
	[ "$shards" -le "${#suites[@]}" ] || shards=${#suites[@]}
	build_test_tools || return 1
	while read -r files; do
		log=$LOGS/$name-${#jobs[@]}.tap
		logs+=("$log")
		# shellcheck disable=SC2086 # options and files are words
		job_start "$log" "$GROUPS_TOP/tests/lab/run" $options --timeout "$seconds" \
			${LAB_KERNEL:+--kernel "$LAB_KERNEL"} -- "$GROUPS_TOP/tests/lab/lib/suites" $files -- "$@"
		jobs+=("$JOB")
	done < <(cd "$GROUPS_TOP/tests/integration" && split_suites "$shards" "${suites[@]}")
	for job in "${jobs[@]}"; do
		job_wait "$job" || status=1
	done
	cat "${logs[@]}"
	echo "$name: $(count_results "${logs[@]}")"
	return $status
}

# lab_run NAME SECONDS "LAB-OPTION..." COMMAND...: one lab, with one command that prints TAP.
lab_run()
{
	local name=$1 seconds=$2 options=$3 log=$LOGS/$1.tap status=0
	shift 3
	build_test_tools || return 1
	# shellcheck disable=SC2086 # options are words
	job_start "$log" "$GROUPS_TOP/tests/lab/run" $options --timeout "$seconds" \
		${LAB_KERNEL:+--kernel "$LAB_KERNEL"} -- "$@"
	job_wait "$JOB" || status=1
	cat "$log"
	echo "$name: $(count_results "$log")"
	return $status
}
