# Completion of bulkhead for fish. Commands and options are read from its help, so that they are
# those of the version that is installed.

function __bulkhead_commands
    bulkhead --help 2>/dev/null | sed -n '/^commands:/,/^$/s/^  \([a-z]*\)  *\(.*\)/\1\t\2/p'
end

function __bulkhead_command
    set -l words (commandline -opc)
    set -l known (__bulkhead_commands | string replace -r '\t.*' '')
    for word in $words[2..]
        if contains -- $word $known
            echo $word
            return 0
        end
    end
    return 1
end

function __bulkhead_options
    set -l command (__bulkhead_command)
    begin
        test -n "$command"; and bulkhead $command --help 2>/dev/null
        bulkhead --help 2>/dev/null
    end | sed -n 's/^  \(--[a-z0-9-]*\)\(, -[a-z]\)\{0,1\}\( [^ ][^ ]*\)\{0,1\}  *\(.*\)/\1\t\4/p'
end

complete -c bulkhead -f
complete -c bulkhead -n 'not __bulkhead_command >/dev/null' -a '(__bulkhead_commands)'
complete -c bulkhead -n 'string match -q -- "-*" (commandline -ct)' -a '(__bulkhead_options)'
complete -c bulkhead -n '__bulkhead_command >/dev/null' -a '(bulkhead list -q 2>/dev/null)'
complete -c bulkhead -l bundle -s b -r -F
complete -c bulkhead -l root -r -F
complete -c bulkhead -l log -r -F
complete -c bulkhead -l pid-file -r -F
complete -c bulkhead -l process -s p -r -F
complete -c bulkhead -l resources -s r -r -F
complete -c bulkhead -l console-socket -r -F
complete -c bulkhead -l image-path -r -F
complete -c bulkhead -l work-path -r -F
complete -c bulkhead -l parent-path -r -F
complete -c bulkhead -l empty-ns -x -a network
complete -c bulkhead -l manage-cgroups-mode -x -a 'soft full strict ignore'
complete -c bulkhead -l log-format -x -a 'text json'
complete -c bulkhead -l format -x -a 'table json'
complete -c bulkhead -l log-level -x -a 'error warning info debug'
complete -c bulkhead -l cgroup-manager -x -a 'systemd cgroupfs disabled'
complete -c bulkhead -l rootless -x -a 'true false auto'
complete -c bulkhead -l isolation -x -a 'process vm'
complete -c bulkhead -l vm-accel -x -a 'kvm tcg'
complete -c bulkhead-vm -w bulkhead
