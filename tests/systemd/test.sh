#!/usr/bin/env bash
# The agent's package in a real systemd: installs, breaks, changes and removes it, and prints what held, a sentence a line.
# Without pipefail: what feeds a grep -q ends by SIGPIPE.
set -u
cd "$(dirname "$0")/../.."
configuration=${CONFIGURATION:-release}
bin=${BIN:-artifacts/bin}
cvops=$bin/CvOps.Cli/$configuration/cvops
root=${CVOPS_CACHE:-$HOME/.cache/cvops}/systemd-root
. tests/systemd/figures.sh
. tests/systemd/device.sh
. tests/systemd/plant.sh
. tests/systemd/cases.sh
. tests/systemd/cases-changes.sh
. tests/systemd/cases-programs.sh
[ "$(id -u)" = 0 ] || { echo "test.sh: run this as root: a container is booted." >&2; exit 78; }
trap clean_up EXIT
trap 'exit 130' INT TERM

version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)
newer=$version+next
package=artifacts/package/cvops-agent_${version}_amd64.deb
[ -f "$package" ] || { echo "test.sh: $package is missing: make package" >&2; exit 78; }
sh tests/systemd/root.sh "$root" || exit 1
root=$(tests/systemd/prepared.sh "$root") || exit 1

# The next version: the same program under the next number.
next_version() {
    mkdir -p "$work/upper/opt/new" "$work/upper/opt/newer" "$work/next"
    cp "$package" "$work/upper/opt/new/"
    dpkg-deb -R "$package" "$work/next" && sed -i "s/^Version: .*/Version: $newer/" "$work/next/DEBIAN/control" &&
        dpkg-deb --root-owner-group -Zgzip -z1 -b "$work/next" "$work/upper/opt/newer/cvops-agent_${newer}_amd64.deb" > /dev/null && rm -rf "$work/next"
    install -m 0755 deploy/edge/install.sh "$work/upper/opt/install.sh"
}

passed=0 failed=0 broken=
proves() {
    local sentence=${1//_/ }
    note=
    if "$1"; then passed=$((passed + 1)); echo "PASS  $sentence: $note"; else failed=$((failed + 1)); broken="$broken $1"; echo "FAIL  $sentence: $note"; fi
}

{ lay_wire && start_plant && make_model && next_version && next_programs && boot; } || { echo "FAIL  the plant and its device do not come up: $(tail -3 "$work"/*.log)"; exit 1; }
echo "      $(on systemctl --version | head -1), $(on cat /etc/debian_version), booted in a container"
for case in ${CASES:-An_installation_starts_nothing_and_says_what_comes_next \
    A_package_that_is_altered_keeps_it_from_being_ready_and_78_is_not_restarted \
    From_the_package_to_the_first_inspection \
    Ready_is_said_after_the_model_has_passed_its_golden_vectors \
    A_model_damaged_on_the_disk_is_not_put_in_charge_again \
    A_process_that_is_stopped_is_killed_by_the_watchdog_and_comes_back \
    A_frame_path_that_hangs_is_noticed_although_the_process_lives \
    One_SIGABRT_does_not_end_it_so_the_watchdog_sends_SIGKILL \
    It_is_started_again_however_often_it_dies \
    A_camera_in_an_outage_that_is_declared_does_not_trip_it \
    A_network_that_goes_away_and_comes_back_costs_no_message \
    An_upgrade_in_mid_inspection_loses_nothing \
    A_downgrade_keeps_configuration_model_and_spool \
    An_agent_that_was_stopped_by_hand_stays_stopped_over_an_upgrade \
    A_program_that_is_brought_is_in_charge_after_its_trial \
    A_program_that_ends_at_once_gives_way_to_the_one_before \
    The_sandbox_holds \
    Each_list_of_devices_opens_them_and_the_agent_still_starts \
    Limits_are_set \
    The_journal_has_levels \
    Idle_it_takes_next_to_no_processor \
    A_removal_keeps_configuration_and_state \
    A_purge_removes_all}; do
    proves "$case"
done

echo
[ -z "${first:-}" ] || figure "install to first inspection, s" "$first" 60 lower "ffmpeg there already; $installed s of it are apt's"
[ -z "${killed:-}" ] || figure "stopped process to its death, s" "$killed" 15 lower "kill -STOP; WatchdogSec=12"
[ -z "${base_exposure:-}" ] || figure "exposure, systemd-analyze security" "$base_exposure" 2 lower "network cameras only"
[ -z "${idle:-}" ] || figure "idle agent, % of a core" "$idle" 2 lower "one camera, which is away; 30 s"
[ -z "${CASES:-}" ] && publish_figures systemd
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
