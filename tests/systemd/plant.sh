# The plant: a broker, somebody who listens, a line that a camera looks at, and a signed model. Sourced.
start_plant() {
    cat > "$work/mosquitto.conf" <<CONF
user root
listener 1883 $plant
allow_anonymous true
persistence false
max_queued_messages 0
CONF
    start_child ip netns exec "$tag-plant" mosquitto -c "$work/mosquitto.conf" > "$work/broker.log" 2>&1
    within 10 in_plant mosquitto_pub -h "$plant" -t up -m up || return 1
    start_child ip netns exec "$tag-plant" mosquitto_sub -h "$plant" -t 'cvops/v1/+/+/inspection/+' -q 1 -F '%p' > "$work/inspections.jsonl"
    start_child ip netns exec "$tag-plant" "$bin/CvOps.Simulator/$configuration/cvops-simulator" run --lines line-1 --address "$plant" --port 8600 --fps 5 > "$work/line.log" 2>&1
    line=${children##* }
    within 30 in_plant curl -fsS "http://$plant:8600/lines"
}

make_model() {
    "$bin/CvOps.Simulator/$configuration/cvops-simulator" render --video --count 48 --seed 7 --out "$work/pictures" > "$work/render.log" 2>&1 &&
    "$cvops" model key operator --out "$work/keys" > /dev/null &&
    "$cvops" model trust add "$work/keys/operator.pem" --trusted-keys "$work/trusted-keys" > /dev/null &&
    "$cvops" model pack --manifest agent/CvOps.Simulator/model/manifest.json --onnx agent/CvOps.Simulator/model/line-v1.onnx --pictures "$work/pictures" --key "$work/keys/operator.key" --out "$work/line.cvmodel" > "$work/pack.log" 2>&1 &&
    in_plant timeout -s INT 12 ffmpeg -loglevel error -nostdin -i "http://$plant:8600/lines/line-1/video" -t 8 -c copy -y "$work/line.ts"
}

# What somebody at the device types: its configuration, the keys to believe, a model to begin with.
configure() {
    cat > "$work/agent.yaml" <<YAML
site: plant-a
device: press-line-1
link:
  brokers: ['mqtt://$plant:1883']
model:
  package: /etc/cvops/first.cvmodel
cameras:
  - { id: line, url: 'http://$plant:8600/lines/line-1/video' }
  - { id: recorded, url: /srv/line.ts, pace: file, loop: true }
health:
  listen: 127.0.0.1:9464
update:
  program-soak-seconds: 10
YAML
    install -d "$work/root/srv"
    install -m 0644 "$work/line.ts" "$work/root/srv/line.ts"
    on install -d -m 0750 -g cvops /etc/cvops/trusted-keys
    cp "$work"/trusted-keys/* "$work/root/etc/cvops/trusted-keys/"
    cp "$work/line.cvmodel" "$work/root/etc/cvops/first.cvmodel"
    cp "$work/agent.yaml" "$work/root/etc/cvops/agent.yaml"
    on chgrp -R cvops /etc/cvops
    on chmod -R g+rX /etc/cvops
}

inspections() { wc -l < "$work/inspections.jsonl"; }
more_than() { [ "$(inspections)" -gt "$1" ]; }
from_camera() { tail -n "+$(($2 + 1))" "$work/inspections.jsonl" | grep -q "\"camera\":\"$1\""; }
metric() { on perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("127.0.0.1:9464") or exit 1; print $s "GET /metrics HTTP/1.0\r\n\r\n"; print while <$s>' | awk -v name="$1" 'index($1, name) == 1 { sum += $2; seen = 1 } END { if (!seen) exit 1; print sum }'; }
