# Figures beside their bounds: printed as a table, and kept as artifacts/bench/NAME.json. Sourced.
figures=

# figure NAME VALUE BOUND lower|higher AGAINST
figure() {
    local holds=false word=MISSED sign='<='
    [ "$4" = lower ] || sign='>='
    if awk -v value="$2" -v bound="$3" -v better="$4" 'BEGIN { exit !(better == "lower" ? value <= bound : value >= bound) }'; then holds=true word='holds '; fi
    printf '%-66s %9s %s%7s  %s   %s\n' "$1" "$2" "$sign" "$3" "$word" "$5"
    figures="$figures${figures:+,}
  { \"figure\": \"$1\", \"value\": $2, \"bound\": $3, \"better\": \"$4\", \"holds\": $holds, \"rival\": \"$5\" }"
}

# publish NAME: writes what was collected.
publish_figures() {
    mkdir -p artifacts/bench
    printf '[%s\n]\n' "$figures" > "artifacts/bench/$1.json"
}
