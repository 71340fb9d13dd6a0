# Sourced by test.sh: Dockerfiles, compose.yaml, Kubernetes.
cloud=$root/deploy/cloud
# The linter is older than ARG before FROM and than --start-period: it is shown the defaults in their place, and the check without that.
lint() {
  local name; name=$(basename "$1")
  awk '/^ARG [A-Z_]+_IMAGE=/ { split($2, pair, "="); image[pair[1]] = substr($2, length(pair[1]) + 2); next }
       /^FROM \$\{/ { match($2, /[A-Z_]+/); sub(/\$\{[A-Z_]+\}/, image[substr($2, RSTART, RLENGTH)]) }
       /^HEALTHCHECK/ { sub(/--start-period=[0-9a-z]+ /, "") } { print }' "$1" > "$run/$name.plain"
  "$here/node_modules/.bin/dockerfilelint" "$run/$name.plain"
}
compose() { docker-compose -f "$1" --project-directory "$cloud" config; }
with_host() { CVOPS_HOST=fleet.plant-a.example "$@"; }

for file in fleet trainer; do it "dockerfilelint has nothing to say against Dockerfile.$file" lint "$cloud/Dockerfile.$file"; done
printf 'FROM debian\nRUM true\n' > "$run/Dockerfile.wrong"
it "dockerfilelint refuses an instruction that is none" refused 'RUM\|Invalid\|nvalid' lint "$run/Dockerfile.wrong"

it "docker-compose accepts compose.yaml" with_host sh -c 'docker-compose -f "$1" --project-directory "$2" config > "$3"' sh "$cloud/compose.yaml" "$cloud" "$run/compose.yaml"
it "every service of it has a read-only root, no capability, its own user, a bound of memory and a health check" node "$here/compose.mjs" "$run/compose.yaml"
sed 's/^    read_only: true/    read_onyl: true/; s/^  read_only: true/  read_onyl: true/' "$cloud/compose.yaml" > "$run/wrong.yaml"
it "docker-compose refuses a key that is misspelt" refused 'read_onyl' with_host compose "$run/wrong.yaml"
it "without CVOPS_HOST compose.yaml says what to write" refused 'CVOPS_HOST=fleet' compose "$cloud/compose.yaml"

for folder in base complete; do
  it "kubectl renders kubernetes/$folder" sh -c 'kubectl kustomize "$1" > "$2"' sh "$cloud/kubernetes/$folder" "$run/$folder.yaml"
  it "Kubernetes' schemas allow every document of kubernetes/$folder" node "$here/manifests.mjs" "$run/$folder.yaml"
done
sed 's/maxUnavailable: 1/maxUnavailable: [1]/' "$run/base.yaml" > "$run/wrong-type.yaml"
it "they refuse a value of another type" refused 'PodDisruptionBudget cvops-fleet' node "$here/manifests.mjs" "$run/wrong-type.yaml"
sed 's/terminationGracePeriodSeconds: 90/terminationGracePeriodSecond: 90/' "$run/base.yaml" > "$run/wrong-key.yaml"
it "they refuse a key that is misspelt" refused 'StatefulSet cvops-fleet' node "$here/manifests.mjs" "$run/wrong-key.yaml"

if grep -q '^test-observability:' "$root/Makefile"; then
  it "make test-observability passes: promtool on Prometheus' configuration, rules and dashboards" make --no-print-directory -C "$root" test-observability
fi
