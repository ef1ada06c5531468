# Completion of bulkhead for bash. Commands and options are read from its help, so that they are
# those of the version that is installed.

_bulkhead_options()
{
	bulkhead "$@" --help 2>/dev/null | sed -n 's/^  \(--[a-z0-9-]*\).*/\1/p'
}

_bulkhead_commands()
{
	bulkhead --help 2>/dev/null | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# The command on the line so far, and the global --root, for `list`.
_bulkhead_scan()
{
	local i word
	command='' root=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		--root) root=(--root "${COMP_WORDS[i + 1]}") ;;
		--root=*) root=("$word") ;;
		esac
		case $word in
		--root | --log | --log-format | --log-level | --cgroup-manager | --rootless | --isolation | \
			--vm-accel | --vm-guest | --config)
			((i++))
			;;
		-*) ;;
		*)
			command=$word
			return
			;;
		esac
	done
}

_bulkhead_value()
{
	case $1 in
	--bundle | -b | --vm-guest | --root | --image-path | --work-path | --parent-path) compgen -d -- "$2" ;;
	--cwd | --user | -u | --env | -e | --cap | -c | --cgroup | --interval) ;;
	--log-format) compgen -W 'text json' -- "$2" ;;
	--format | -f) compgen -W 'table json' -- "$2" ;;
	--log-level) compgen -W 'error warning info debug' -- "$2" ;;
	--cgroup-manager) compgen -W 'systemd cgroupfs disabled' -- "$2" ;;
	--rootless) compgen -W 'true false auto' -- "$2" ;;
	--empty-ns) compgen -W network -- "$2" ;;
	--manage-cgroups-mode) compgen -W 'soft full strict ignore' -- "$2" ;;
	--isolation) compgen -W 'process vm' -- "$2" ;;
	--vm-accel) compgen -W 'kvm tcg' -- "$2" ;;
	--log | --config | --pid-file | --process | -p | --resources | -r | --console-socket | --pidfd-socket)
		compgen -f -- "$2"
		;;
	*) return 1 ;;
	esac
}

_bulkhead()
{
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local command root
	COMPREPLY=()
	_bulkhead_scan
	# -f of delete is a flag.
	if [ "$command" != delete ] || [ "$previous" != -f ]; then
		if mapfile -t COMPREPLY < <(_bulkhead_value "$previous" "$current" || echo :) &&
			[ "${COMPREPLY[*]}" != : ]; then
			return
		fi
	fi
	COMPREPLY=()
	if [[ $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_bulkhead_options ${command:+"$command"}) $(_bulkhead_options)" -- "$current")
	elif [ -z "$command" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_bulkhead_commands)" -- "$current")
	elif [ "$command" = kill ] && [ "$previous" != kill ] && [[ $previous != -* ]]; then
		mapfile -t COMPREPLY < <(compgen -A signal -- "$current")
	else
		mapfile -t COMPREPLY < <(compgen -W "$(bulkhead "${root[@]}" list -q 2>/dev/null)" -- "$current")
	fi
}

complete -F _bulkhead bulkhead bulkhead-vm
