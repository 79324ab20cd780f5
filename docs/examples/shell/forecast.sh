#!/bin/sh
# How long does a warm-up take?  forecast.sh octoprint/temp_eta/ender-3-x7k2 bed 60
# Prints the reply. Ends with 0 if there is a forecast, else with 1. MQTT_OPTIONS as in wait-until-ready.sh.
set -eu
base=$1 heater=$2 target=$3 transaction=shell-$$-$(date +%s)
replies=$(mktemp -u)
trap 'rm -f "$replies"; kill "${listener:-}" 2>/dev/null || :' EXIT
trap 'exit 1' HUP INT TERM
mkfifo "$replies"
# The retained status comes first: from then on no reply is missed.
# shellcheck disable=SC2086
mosquitto_sub ${MQTT_OPTIONS:-} -q 1 -W 10 -t "$base/status" -t "$base/response" >"$replies" &
listener=$!
while read -r message; do
    case $message in
    online)
        # It is published again when Home Assistant starts.
        [ -z "${sent:-}" ] || continue
        sent=1
        # shellcheck disable=SC2086
        mosquitto_pub ${MQTT_OPTIONS:-} -q 1 -t "$base/command/forecast" \
            -m "{\"heater\": \"$heater\", \"target\": $target, \"transaction\": \"$transaction\"}" ;;
    offline) echo "OctoPrint is offline" >&2; exit 1 ;;
    *"\"$transaction\""*'"status":"completed"'*) echo "$message"; exit 0 ;;
    *"\"$transaction\""*) echo "$message" >&2; exit 1 ;;
    esac
done <"$replies"
echo "no reply within 10 s" >&2
exit 1
