# What is promised of the agent's own program, brought as a signed package beside the one that is installed. Sourced.

# next_programs: one that is good, and one that finds nothing wrong with the configuration and then ends. Before the device boots.
next_programs() {
    local tree=$work/programs/usr/lib/cvops-agent
    mkdir -p "$work/upper/opt/programs"
    dpkg-deb -x "$package" "$work/programs" && pack_program 9.1 || return 1
    rm "$tree/cvops-agent"
    printf '#!/bin/sh\n[ "$1" = check ] && exit 0\necho "the ninth life is over" >&2\nexit 3\n' > "$tree/cvops-agent"
    chmod 0755 "$tree/cvops-agent"
    pack_program 9.2 --runtime linux-x64 && rm -rf "$work/programs"
}

pack_program() {
    "$cvops" agents pack "$work/programs/usr/lib/cvops-agent" --version "$1" "${@:2}" --key "$work/keys/operator.key" --out "$work/upper/opt/programs/$1.cvagent" >> "$work/pack.log" 2>&1
}

program() { on cvops-agent status --config /etc/cvops/agent.yaml | sed -n 's/^program  *//p'; }
program_says() { [[ $(program) == $1 ]]; }

A_program_that_is_brought_is_in_charge_after_its_trial() {
    local boot
    within 60 from_camera recorded "$(inspections)" || return 1
    boot=$(last_boot)
    note=$(on cvops-agent import /opt/programs/9.1.cvagent --config /etc/cvops/agent.yaml 2>&1) || return 1
    within 180 program_says '9.1 from slot A;*Committed*' || { note="$(program)"; return 1; }
    within 60 from_camera recorded "$(inspections)" || { note="nothing is inspected"; return 1; }
    note="$(on readlink "/proc/$(show MainPID)/exe"); $(program); $(arrived); exposure $(on systemd-analyze security cvops-agent --no-pager | grep -oE '[0-9.]+ (OK|MEDIUM|SAFE)' | tail -1)"
    [[ $(on readlink "/proc/$(show MainPID)/exe") == /var/lib/cvops-agent/program/a/* ]] && [ "$(last_boot)" -gt "$boot" ] && [[ $(arrived) == *missing=0* ]]
}

A_program_that_ends_at_once_gives_way_to_the_one_before() {
    on cvops-agent import /opt/programs/9.2.cvagent --config /etc/cvops/agent.yaml > /dev/null 2>&1 && { note='it says that the program is in charge'; return 1; }
    within 180 program_says '9.1 from slot A;*9.2*RolledBack*' || { note="$(program)"; return 1; }
    within 60 is_active && within 60 from_camera recorded "$(inspections)" || { note="nothing is inspected"; return 1; }
    note=$(program)
    [[ $(on readlink "/proc/$(show MainPID)/exe") == /var/lib/cvops-agent/program/a/* ]]
}
