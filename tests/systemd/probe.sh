#!/bin/sh
# Runs in the agent's place, in the unit's own sandbox: tries what the agent must not and what it must be able to do.
tries() {
    name=$1
    shift
    if "$@" >/dev/null 2>&1; then echo "$name allowed"; else echo "$name refused"; fi
}
tries write-etc touch /etc/probe
tries write-own-configuration touch /etc/cvops/probe
tries write-usr touch /usr/probe
tries write-opt touch /opt/probe
tries write-home touch /home/probe
tries read-home ls /home/somebody
tries read-root-home ls /root
tries mount mount -t tmpfs none /tmp
tries unshare-user unshare -U true
tries unshare-net unshare -n true
tries raw-socket perl -MSocket -e 'socket(my $s, AF_INET, SOCK_RAW, 1) or exit 1'
tries packet-socket perl -e 'socket(my $s, 17, 3, 0) or exit 1'
tries ptrace perl -e 'exit(syscall(101, 16, getppid(), 0, 0) == 0 ? 0 : 1)'
tries set-time perl -e 'exit(syscall(227, 0, pack("qq", 1e9, 0)) == 0 ? 0 : 1)'
tries become-root perl -e '$< = 0; $> = 0; exit($> == 0 ? 0 : 1)'
tries load-module perl -e 'exit(syscall(175, "x", 1, "") == 0 ? 0 : 1)'
tries reboot perl -e 'exit(syscall(169, 0xfee1dead, 0x28121969, 0) == 0 ? 0 : 1)'
tries kernel-log dmesg
tries kernel-setting sh -c 'echo 1 > /proc/sys/kernel/panic'
tries other-processes test -e /proc/1/cmdline
tries make-device mknod /tmp/null c 1 3
tries control-groups sh -c 'mkdir /sys/fs/cgroup/probe || mkdir /sys/fs/cgroup/systemd/probe'
tries write-state touch /var/lib/cvops-agent/probe
tries write-temporary touch /tmp/probe
tries read-configuration cat /etc/cvops/agent.yaml
tries read-recording cat /srv/line.ts
tries tcp-socket perl -MSocket -e 'socket(my $s, AF_INET, SOCK_STREAM, 6) or exit 1'
tries start-decoder ffmpeg -version
echo "devices $(cd /dev && find . -type c | sed 's:^\./::' | sort | tr '\n' ' ')"
