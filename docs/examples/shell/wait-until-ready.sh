#!/bin/sh
# Wait until all heaters of a printer are at their targets:  wait-until-ready.sh octoprint/temp_eta/ender-3-x7k2
# After a target was set, wait for the reply to that command first: until then the printer may still be ready for the old one.
# It waits as long as it takes; `timeout 20m wait-until-ready.sh …` limits that.
# MQTT_OPTIONS are further options of mosquitto_sub, such as "-h broker.local -u me -P secret".
set -eu
base=$1
# shellcheck disable=SC2086
mosquitto_sub ${MQTT_OPTIONS:-} -q 1 -C 1 -W 10 -t "$base/status" >/dev/null || {
    echo "no printer publishes on $base/status" >&2
    exit 1
}
states=$(mktemp -u)
trap 'rm -f "$states"; kill "${listener:-}" 2>/dev/null || :' EXIT
trap 'exit 1' HUP INT TERM
mkfifo "$states"
# shellcheck disable=SC2086
mosquitto_sub ${MQTT_OPTIONS:-} -q 1 -t "$base/status" -t "$base/printer" >"$states" &
listener=$!
# The retained states come first, `status` before `printer`; `waiting_for` has the heaters that are not at their targets yet.
while read -r state; do
    case $state in
    offline) echo "OctoPrint is offline" >&2; exit 1 ;;
    *'"connected":false'*) echo "the printer is not connected" >&2; exit 1 ;;
    *'"waiting_for":[]'*) echo "ready"; exit 0 ;;
    esac
done <"$states"
echo "the connection to the broker ended" >&2
exit 1
