# Sourced by test.sh: from a rule to a person with compose.yaml's own configuration: a real Prometheus and a real Alertmanager, TLS between them, and a server that is told.
it "amtool accepts alertmanager.yml" amtool check-config "$cloud/observability/alertmanager.yml"
al=$run/alerts; mkdir -p "$al"; al_port=$(( 21000 + RANDOM % 1000 )) pr_port=$(( 22000 + RANDOM % 1000 )) fleet_port=$(( 23000 + RANDOM % 1000 )) told_port=$(( 24000 + RANDOM % 1000 ))
# The files as they are, with this machine's paths and ports in the place of the containers'.
here_for() { sed "s#/\(certificates\|run/secrets\)/#$secrets/#; s#localhost:9090#localhost:$pr_port#; s#alertmanager:9093#localhost:$al_port#; s#fleet:8443#localhost:$fleet_port#" "$cloud/observability/$1"; }
for file in compose.yml web.yml web-alertmanager.yml web-client.yml; do here_for $file > "$al/$file"; done
sed "s/for: 2m/for: 2s/" "$cloud/observability/rules.yaml" > "$al/rules.yaml"
sed -i 's/_interval: 15s/_interval: 1s/' "$al/compose.yml"
sed "s/group_wait: 10s/group_wait: 1s/; s#^  - name: people#&\n    webhook_configs: [{ url: 'http://127.0.0.1:$told_port/' }]#" "$cloud/observability/alertmanager.yml" > "$al/alertmanager.yml"
mkdir -p "$al/data"
(cd "$al" && exec prometheus-alertmanager --config.file=alertmanager.yml --web.config.file=web-alertmanager.yml --storage.path=data/alerts --cluster.listen-address= --web.listen-address=127.0.0.1:$al_port) > "$al/alertmanager.log" 2>&1 & alertmanager=$!
(cd "$al" && exec prometheus --config.file=compose.yml --web.config.file=web.yml --storage.tsdb.path=data/series --web.listen-address=127.0.0.1:$pr_port) > "$al/prometheus.log" 2>&1 & prometheus=$!
node -e 'require("http").createServer((q, a) => { let all = ""; q.on("data", d => all += d); q.on("end", () => { require("fs").appendFileSync(process.argv[1], all + "\n"); a.end() }) }).listen(+process.argv[2], "127.0.0.1")' "$al/told" $told_port & told=$!
eventually() { local end=$(( $(date +%s) + $1 )); shift; until "$@" >"$al/last" 2>&1; do [ "$(date +%s)" -lt "$end" ] || { cat "$al/last"; tail -n 5 "$al"/*.log; return 1; }; sleep 0.2; done; }
am() { amtool --alertmanager.url=https://localhost:$al_port --http.config.file="$al/web-client.yml" "$@"; }
it "Alertmanager answers over TLS to what the container's health check asks" eventually 20 am config show
it "it does not answer plain HTTP" refused '400' curl -sSf --max-time 3 "http://127.0.0.1:$al_port/-/healthy"
stands() { am alert query "alertname=$1" | grep -q "$1"; }
it "a fleet manager that does not answer becomes an alert there, sent by Prometheus over TLS" eventually 60 stands CvOpsFleetDown
was_told() { grep -q "\"alertname\":\"$1\"" "$al/told"; }
it "and the receiver is told" eventually 30 was_told CvOpsFleetDown
it "with the runbook's entry and what it means" grep -q 'Lines go on inspecting.*RUNBOOK.md#cvopsfleetdown' "$al/told"
am alert add alertname=CvOpsSiteDark site=ulm severity=critical >/dev/null; am alert add alertname=CvOpsDevicesOffline site=ulm severity=warning >/dev/null; am alert add alertname=CvOpsDevicesOffline site=berlin severity=warning >/dev/null
held() { am alert query --inhibited alertname=CvOpsDevicesOffline -o extended | grep -q 'site="ulm"' && am alert query --active alertname=CvOpsDevicesOffline -o extended | grep -q 'site="berlin"'; }
it "what another explains is held back, at its site alone" eventually 20 held
kill $told; wait $told 2>/dev/null
am alert add alertname=CvOpsDiskLow instance=fleet severity=critical >/dev/null
fails() { curl -sSf --cacert "$secrets/ca.pem" "https://localhost:$pr_port/api/v1/query?query=alertmanager_notification_requests_failed_total%3E0" | grep -q '"integration":"webhook"'; }
it "a receiver that does not answer shows in what CvOpsAlertsUndelivered asks" eventually 60 fails
kill $prometheus $alertmanager; wait $prometheus $alertmanager 2>/dev/null
