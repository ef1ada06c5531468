# Jobs: commands in the background, each a session of its own, so that it can be ended with all that it has started.
# Whoever sources this ends them when it is ended itself: SIGINT first, at which bats and the lab clean up.
#
# shellcheck shell=bash

# Sessions that may still run, by their first process.
declare -A JOBS_RUNNING=()
JOBS_PATIENCE=${JOBS_PATIENCE:-60}

# job_start OUTPUT COMMAND...: its pid is in JOB; both of its streams go to the file.
job_start()
{
	local output=$1
	shift
	# What a shell starts in the background has SIGINT ignored.
	env --default-signal=INT,QUIT setsid "$@" </dev/null >"$output" 2>&1 &
	JOB=$!
	JOBS_RUNNING[$JOB]=1
}

# job_wait JOB: its exit status.
job_wait()
{
	local status=0
	wait "$1" || status=$?
	unset "JOBS_RUNNING[$1]"
	return $status
}

# job_run OUTPUT COMMAND...
job_run()
{
	job_start "$@"
	job_wait "$JOB"
}

session_is_there()
{
	[ -n "$(pgrep -s "$1" -r S,R,D,I,T)" ]
}

# jobs_end: of those that run still. Those of a job's processes that have a group of their own are found too.
jobs_end()
{
	local job left=$((JOBS_PATIENCE * 5))
	# Once is enough, and whoever ends us may tell us twice.
	trap '' INT TERM HUP
	for job in "${!JOBS_RUNNING[@]}"; do
		kill -INT -- "-$job" 2>/dev/null
	done
	for job in "${!JOBS_RUNNING[@]}"; do
		while session_is_there "$job" && [ $left -gt 0 ]; do
			sleep 0.2
			left=$((left - 1))
		done
		pkill -KILL -s "$job"
		unset "JOBS_RUNNING[$job]"
	done
}

trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
trap jobs_end EXIT
