# What is promised, a function a sentence: what it returns is whether it holds; what it leaves in $note is printed. Sourced.

An_installation_starts_nothing_and_says_what_comes_next() {
    local said
    said=$(on /opt/install.sh /opt/new) || { note=$said; return 1; }
    note=$(tail -1 <<< "$said")
    [ "$(show ActiveState)" = inactive ] && [[ $said == *"enroll"* ]] && on test -e /etc/cvops/agent.yaml &&
        [ "$(on stat -c %U:%a /var/lib/cvops-agent)" = cvops:700 ] && on test -e /usr/share/man/man1/cvops-agent.1.gz
}

A_package_that_is_altered_keeps_it_from_being_ready_and_78_is_not_restarted() {
    configure
    # A byte in the middle: the signature is over the digests of all of it.
    printf 'X' | dd of="$work/root/etc/cvops/first.cvmodel" bs=1 seek=20000 conv=notrunc status=none
    on systemctl start cvops-agent 2> /dev/null && return 1
    read -rt 5 <> <(:) || true
    note="$(show ActiveState), exit $(show ExecMainStatus), restarts $(show NRestarts): $(on journalctl -u cvops-agent -o cat --no-pager | grep -m1 'model.package' | cut -c1-110)"
    [ "$(show ActiveState)" = failed ] && [ "$(show ExecMainStatus)" = 78 ] && [ "$(show NRestarts)" = 0 ] && [ "$(inspections)" = 0 ]
}

From_the_package_to_the_first_inspection() {
    on apt-get purge -y -qq cvops-agent > /dev/null 2>&1
    on systemctl reset-failed cvops-agent 2>/dev/null
    local begun
    begun=$(now)
    on /opt/install.sh /opt/new > "$work/install.log" 2>&1 || { note=$(cat "$work/install.log"); return 1; }
    installed=$(since "$begun")
    configure
    on systemctl enable --quiet --now cvops-agent || { note=$(on journalctl -u cvops-agent --no-pager | tail -5); return 1; }
    within 60 more_than 0 || { note=$(on journalctl -u cvops-agent --no-pager | tail -5); return 1; }
    first=$(since "$begun")
    note="$first s, of which $installed s are apt's"
}

Ready_is_said_after_the_model_has_passed_its_golden_vectors() {
    local charge ready
    charge=$(on journalctl -u cvops-agent -o json --no-pager | grep 'is in charge' | tail -1 | sed -E 's/.*"__MONOTONIC_TIMESTAMP":"([0-9]+)".*/\1/')
    ready=$(show ActiveEnterTimestampMonotonic)
    note="in charge $(awk -v a="$charge" -v b="$ready" 'BEGIN { printf "%.2f", (b - a) / 1e6 }') s before systemd heard READY"
    [ -n "$charge" ] && [ "$ready" -gt "$charge" ]
}

A_model_damaged_on_the_disk_is_not_put_in_charge_again() {
    local model before boots
    model=$(on find /var/lib/cvops-agent/models -type f -size +100k | head -1)
    [ -n "$model" ] || { note="no model found in the state folder"; return 1; }
    on systemctl stop cvops-agent
    cp "$work/root$model" "$work/model.good"
    printf 'X' | dd of="$work/root$model" bs=1 seek=20000 conv=notrunc status=none
    boots=$(boots_heard)
    on systemctl start cvops-agent
    # What was left of the start before still arrives.
    read -rt 6 <> <(:) || true
    note=$(on journalctl -u cvops-agent -o cat --no-pager | grep 'cannot be loaded' | tail -1 | cut -c1-120)
    [ -n "$note" ] && [ "$(boots_heard)" = "$boots" ] || return 1
    before=$(inspections)
    on systemctl stop cvops-agent
    cat "$work/model.good" > "$work/root$model"
    on systemctl start cvops-agent && within 20 more_than "$before"
}

boots_heard() { python3 tests/systemd/sequences.py "$work/inspections.jsonl" | grep -oE 'boots=[0-9]+'; }

A_process_that_is_stopped_is_killed_by_the_watchdog_and_comes_back() {
    local pid begun
    pid=$(show MainPID)
    begun=$(now)
    on kill -STOP "$pid"
    within 40 is_gone "$pid" || { note="still there after $(since "$begun") s"; return 1; }
    killed=$(since "$begun")
    within 60 is_active || return 1
    back=$(since "$begun")
    note="dead after $killed s, ready again after $back s, result $(on journalctl -u cvops-agent -o cat --no-pager | grep -o "Failed with result 'watchdog'" | tail -1)"
    on journalctl -u cvops-agent -o cat --no-pager | grep -q "Failed with result 'watchdog'" && awk -v s="$killed" 'BEGIN { exit !(s <= 15) }'
}
is_gone() { ! on kill -0 "$1" 2>/dev/null; }
is_active() { [ "$(show ActiveState)" = active ]; }

A_frame_path_that_hangs_is_noticed_although_the_process_lives() {
    local pid
    within 60 from_camera recorded "$(inspections)" || return 1
    pid=$(show MainPID)
    on_host_pid "$pid"
    start_child python3 tests/systemd/hold-threads.py "$host_pid" > "$work/hold.log" 2>&1
    within 60 is_gone "$pid" || { note="still there; $(cat "$work/hold.log")"; return 1; }
    note=$(on journalctl -u cvops-agent -o cat --no-pager | grep 'none gets done' | tail -1)
    within 60 is_active && [ -n "$note" ]
}
# The container has process numbers of its own.
on_host_pid() { host_pid=$(grep -lE "^NSpid:.*[[:space:]]$1\$" /proc/[0-9]*/status 2>/dev/null | while IFS= read -r file; do grep -q '^Name:[[:space:]]*cvops-agent' "$file" && basename "$(dirname "$file")"; done | head -1); }

One_SIGABRT_does_not_end_it_so_the_watchdog_sends_SIGKILL() {
    local pid
    pid=$(show MainPID)
    on kill -ABRT "$pid"
    read -rt 4 <> <(:) || true
    is_gone "$pid" && { note="this .NET does end at the first SIGABRT: WatchdogSignal= may be reconsidered"; return 1; }
    on kill -ABRT "$pid"
    within 10 is_gone "$pid" || return 1
    note="it survived the first and ended at the second"
    within 60 is_active && [ "$(show WatchdogSignal)" = 9 ]
}

It_is_started_again_however_often_it_dies() {
    local times=0
    while [ $times -lt 8 ]; do
        within 60 is_active || { note="not started again after $times deaths"; return 1; }
        on kill -9 "$(show MainPID)"
        times=$((times + 1))
        within 5 not_active
    done
    within 60 is_active || return 1
    note="8 deaths by SIGKILL in a row, NRestarts $(show NRestarts)"
}
not_active() { ! is_active; }

A_camera_in_an_outage_that_is_declared_does_not_trip_it() {
    local pid before
    within 60 from_camera line "$(inspections)" || return 1
    pid=$(show MainPID)
    # The line's process is there and sends nothing.
    kill -STOP "$line"
    read -rt 40 <> <(:) || true
    before=$(inspections)
    note="$(on journalctl -u cvops-agent -o cat --no-pager | grep -E 'Camera line (is stale|was lost)|Camera line .*(stale|lost)' | tail -1 | cut -c1-100)"
    kill -CONT "$line"
    [ "$(show MainPID)" = "$pid" ] && within 30 from_camera line "$before"
}

The_sandbox_holds() {
    install -m 0755 tests/systemd/probe.sh "$work/root/srv/probe.sh"
    on mkdir -p /home/somebody /run/systemd/system/cvops-agent.service.d
    printf '[Service]\nType=oneshot\nExecStart=\nExecStart=/srv/probe.sh\nRestart=no\nWatchdogSec=0\n' > "$work/probe.conf"
    on sh -c 'cat > /run/systemd/system/cvops-agent.service.d/99-probe.conf' < "$work/probe.conf"
    on systemctl daemon-reload
    on systemctl restart cvops-agent
    on journalctl -u cvops-agent -o cat --no-pager > "$work/probe.log"
    on rm /run/systemd/system/cvops-agent.service.d/99-probe.conf
    on systemctl daemon-reload
    on systemctl start cvops-agent
    local allowed refused devices wrong
    allowed=$(grep -oE '^[a-z-]+ allowed$' "$work/probe.log" | cut -d' ' -f1 | sort | tr '\n' ' ')
    refused=$(grep -cE '^[a-z-]+ refused$' "$work/probe.log")
    devices=$(grep -oE '^devices .*' "$work/probe.log" | tail -1)
    note="$refused things refused; allowed: $allowed; $devices"
    [ "$allowed" = 'read-configuration read-recording start-decoder tcp-socket write-state write-temporary ' ] && [ "$refused" = 22 ] &&
        [ -z "$(tr ' ' '\n' <<< "${devices#devices }" | grep -vE '^(full|null|ptmx|random|tty|urandom|zero|pts/.*|)$')" ]
}

Each_list_of_devices_opens_them_and_the_agent_still_starts() {
    local list exposure
    note=
    for list in 'v4l2 gpio' gpu jetson none; do
        # shellcheck disable=SC2086  # a list of words
        on cvops-agent-devices $list || { note="$list is refused"; return 1; }
        within 60 is_active || { note="the agent does not start with $list"; return 1; }
        exposure=$(on systemd-analyze security cvops-agent --no-pager | grep -oE 'Overall exposure level for [^:]*: [0-9.]+' | grep -oE '[0-9.]+$')
        note="$note${note:+, }$list: exposure $exposure"
        case $list in
            'v4l2 gpio') [[ $(show DeviceAllow) == *char-video4linux*char-gpiochip* || $(show DeviceAllow) == *char-gpiochip*char-video4linux* ]] && [ "$(show PrivateDevices)" = no ] || return 1 ;;
            none) [ "$(show PrivateDevices)" = yes ] || return 1; base_exposure=$exposure ;;
        esac
    done
    [ -z "$(on cvops-agent-devices)" ] && ! on getent group nobodys-group > /dev/null
}

The_journal_has_levels() {
    local warnings infos
    warnings=$(on journalctl -u cvops-agent -p warning --no-pager -o cat | wc -l)
    infos=$(on journalctl -u cvops-agent -o json --no-pager | grep -c '"PRIORITY":"6"')
    note="$infos lines of information, $warnings warnings and worse"
    [ "$infos" -gt "$warnings" ] && on journalctl -u cvops-agent -p warning --no-pager -o cat | grep -q 'Camera line' && ! on journalctl -u cvops-agent -p warning --no-pager -o cat | grep -qF 'ModelStart[4022]'
}

Limits_are_set() {
    note="MemoryMax $(show MemoryMax), MemoryHigh $(show MemoryHigh), CPUWeight $(show CPUWeight), tasks $(show TasksMax)"
    [ "$(show MemoryMax)" != infinity ] && [ "$(show TasksMax)" = 2048 ] && [ "$(show OOMPolicy)" = continue ]
}
