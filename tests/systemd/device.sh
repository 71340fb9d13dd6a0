# A device: that Debian, booted with its own systemd in a container, on a wire of its own to the plant. Sourced.
work=$(mktemp -d /tmp/cvops-systemd.XXXXXX)
tag=cvt$$
plant=10.99.7.1
device=10.99.7.2
container=
children=

in_plant() { ip netns exec "$tag-plant" "$@"; }
on() { nsenter -t "$init" -a "$@"; }
wire() { ip -n "$tag-device" link set dev0 "$1"; }
show() { on systemctl show cvops-agent -p "$1" --value; }
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }'; }

# within SECONDS COMMAND...: true as soon as the command is.
within() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        read -rt 0.1 <> <(:) || true
    done
}

lay_wire() {
    ip netns add "$tag-plant"
    ip netns add "$tag-device"
    ip link add dev0 netns "$tag-device" type veth peer name plant0 netns "$tag-plant"
    ip -n "$tag-plant" link set lo up
    ip -n "$tag-plant" addr add "$plant/24" dev plant0
    ip -n "$tag-plant" link set plant0 up
    ip -n "$tag-device" link set lo up
    ip -n "$tag-device" addr add "$device/24" dev dev0
    wire up
}

boot() {
    mkdir -p "$work/upper" "$work/overlay" "$work/root"
    mount -t overlay overlay -o "lowerdir=$root,upperdir=$work/upper,workdir=$work/overlay" "$work/root"
    systemd-nspawn -q -D "$work/root" -M "$tag" --register=no --keep-unit --network-namespace-path="/run/netns/$tag-device" -b > "$work/boot.log" 2>&1 < /dev/null &
    container=$!
    within 30 pgrep -P "$container" || return 1
    init=$(pgrep -P "$container" | head -1)
    within 60 is_booted
}
is_booted() { case $(on systemctl is-system-running 2>/dev/null) in running | degraded) true ;; *) false ;; esac; }

start_child() {
    "$@" &
    children="$children $!"
}

clean_up() {
    local child
    for child in $children; do kill -CONT "$child" 2>/dev/null; kill "$child" 2>/dev/null; done
    # The container ends with its process 1; ending nspawn alone would leave it.
    [ -z "$container" ] || kill -9 "$init" 2>/dev/null
    wait 2>/dev/null
    mountpoint -q "$work/root" && umount "$work/root"
    ip netns del "$tag-plant" 2>/dev/null
    ip netns del "$tag-device" 2>/dev/null
    rm -rf "$work"
}
