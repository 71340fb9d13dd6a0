# What is promised of changes: versions, networks, removal. Sourced.

arrived() { python3 tests/systemd/sequences.py "$work/inspections.jsonl" "$@"; }
last_boot() { arrived | grep -oE 'last=[0-9]+' | cut -d= -f2; }

A_network_that_goes_away_and_comes_back_costs_no_message() {
    local waiting inspected boot
    within 60 from_camera recorded "$(inspections)" || return 1
    boot=$(last_boot)
    wire down
    read -rt 20 <> <(:) || true
    waiting=$(metric cvops_agent_spool_waiting_messages)
    inspected=$(metric cvops_agent_frames_inspected_total)
    wire up
    # Each frame that was inspected until then has its message.
    within 60 arrived "$boot" "$inspected" || { note="$inspected inspected; $(arrived)"; return 1; }
    note="away 20 s, $waiting messages waited; $inspected frames inspected, $(arrived)"
    [ "${waiting%.*}" -gt 20 ]
}

kept() { on sh -c 'find /etc/cvops -type f | sort | xargs sha256sum; ls /var/lib/cvops-agent/models'; }

# change_to FOLDER VERSION: while the line runs and the broker is away, so that the spool has something to lose.
change_to() {
    local state inspected boot
    within 60 from_camera recorded "$(inspections)" || return 1
    boot=$(last_boot)
    wire down
    read -rt 8 <> <(:) || true
    state=$(kept)
    inspected=$(metric cvops_agent_frames_inspected_total)
    on /opt/install.sh "$1" > "$work/change.log" 2>&1 || { note=$(tail -3 "$work/change.log"); return 1; }
    within 60 is_active || { note="not active again"; return 1; }
    read -rt 4 <> <(:) || true
    wire up
    within 60 arrived "$boot" "$inspected" && within 60 arrived "$((boot + 1))" 5 || { note="$inspected inspected; $(arrived)"; return 1; }
    change_gap=$(python3 tests/systemd/gap.py "$work/inspections.jsonl" recorded)
    [ "$(last_boot)" = "$((boot + 1))" ] || { note="started more than once: $(arrived)"; return 1; }
    note="$inspected inspected before it, all arrived: $(arrived); the line was without inspection for $change_gap s"
    [ "$(on dpkg-query -W -f '${Version}' cvops-agent)" = "$2" ] && [ "$state" = "$(kept)" ]
}

An_upgrade_in_mid_inspection_loses_nothing() { change_to /opt/newer "$newer" && upgrade_gap=$change_gap; }

A_downgrade_keeps_configuration_model_and_spool() { change_to /opt/new "$version"; }

An_agent_that_was_stopped_by_hand_stays_stopped_over_an_upgrade() {
    on systemctl stop cvops-agent
    on sh -c 'DEBIAN_FRONTEND=noninteractive apt-get install -y -qq /opt/newer/cvops-agent_*.deb' > /dev/null 2>&1
    note=$(show ActiveState)
    [ "$note" = inactive ] && on systemctl start cvops-agent && within 60 is_active
}

Idle_it_takes_next_to_no_processor() {
    # One camera, which is not there: it is asked for several times a second, and nothing is inspected. Idle begins when the compiler behind the program has come to rest.
    printf 'site: plant-a\ndevice: press-line-1\nlink:\n  brokers: ["mqtt://%s:1883"]\ncameras:\n  - { id: line, url: "rtsp://%s:8554/none" }\n' "$plant" "$plant" > "$work/root/etc/cvops/agent.yaml"
    on systemctl restart cvops-agent
    read -rt 60 <> <(:) || true
    local before after
    before=$(ticks)
    read -rt 30 <> <(:) || true
    after=$(ticks)
    idle=$(awk -v a="$before" -v b="$after" -v hz="$(getconf CLK_TCK)" 'BEGIN { printf "%.2f", (b - a) / hz / 30 * 100 }')
    note="$idle % of a core over 30 s, a minute after its start: model loaded, broker connected, its one camera away"
    [ -n "$before" ]
}
ticks() { on awk '{ print $14 + $15 + $16 + $17 }' "/proc/$(show MainPID)/stat"; }

A_removal_keeps_configuration_and_state() {
    on apt-get remove -y -qq cvops-agent > /dev/null 2>&1
    note="$(on find /etc/cvops /var/lib/cvops-agent -type f | wc -l) files kept"
    on test -e /etc/cvops/agent.yaml && on test -e /var/lib/cvops-agent/update.json && ! on test -e /usr/bin/cvops-agent && [ "$(show LoadState)" != loaded ]
}

A_purge_removes_all() {
    on cvops-agent-devices v4l2 2>/dev/null
    on apt-get purge -y -qq cvops-agent > /dev/null 2>&1
    local left
    left=$(on sh -c 'find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /srv -o -path /opt -o -path /tmp \) -prune -o \( -iname "*cvops*" -o -user cvops -o -group cvops \) -print' | grep -vE '^/var/(log|cache)/|^/var/lib/apt/')
    note=${left:-nothing is left but the user}
    [ -z "$left" ] && [ "$(show LoadState)" = not-found ]
}
