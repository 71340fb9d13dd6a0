#!/bin/sh
# Runs mosquitto and has it read the list of revoked certificates again whenever that file has changed: mosquitto does so on SIGHUP alone.
# usage: broker.sh CONFIG CRL [seconds between two looks]
set -u
config=$1 crl=$2 pace=${3:-2}

# Without the file mosquitto does not start; the fleet manager writes it at its own start.
while [ ! -s "$crl" ]; do echo "broker.sh: waiting for $crl" >&2; sleep "$pace"; done

mosquitto -c "$config" &
broker=$!
trap 'kill -TERM "$broker" 2>/dev/null' TERM INT

stamp() { cksum < "$crl" 2>/dev/null; }
seen=$(stamp)
while kill -0 "$broker" 2>/dev/null; do
  sleep "$pace" & wait $!
  now=$(stamp)
  if [ -n "$now" ] && [ "$now" != "$seen" ]; then seen=$now; kill -HUP "$broker" 2>/dev/null; fi
done
wait "$broker"
