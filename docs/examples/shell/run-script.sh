#!/bin/sh
# Run a script and wait for its end:  run-script.sh octoprint/temp_eta/ender-3-x7k2 warm_up
# Ends with 0 if the script finished, else with 1: refused, failed, crashed or cancelled. MQTT_OPTIONS as in wait-until-ready.sh.
set -eu
base=$1 script=$2 transaction=shell-$$-$(date +%s)
# shellcheck disable=SC2086
mosquitto_sub ${MQTT_OPTIONS:-} -q 1 -C 1 -W 10 -t "$base/status" >/dev/null || {
    echo "no printer publishes on $base/status" >&2
    exit 1
}
events=$(mktemp -u)
trap 'rm -f "$events"; kill "${listener:-}" 2>/dev/null || :' EXIT
trap 'exit 1' HUP INT TERM
mkfifo "$events"
# The retained status comes first: from then on no reply is missed.
# shellcheck disable=SC2086
mosquitto_sub ${MQTT_OPTIONS:-} -q 1 -t "$base/status" -t "$base/response" >"$events" &
listener=$!
while read -r message; do
    case $message in
    online)
        # It is published again when Home Assistant starts.
        [ -z "${sent:-}" ] || continue
        sent=1
        # shellcheck disable=SC2086
        mosquitto_pub ${MQTT_OPTIONS:-} -q 1 -t "$base/command/script/start" \
            -m "{\"id\": \"$script\", \"transaction\": \"$transaction\"}" ;;
    offline) echo "OctoPrint is offline" >&2; exit 1 ;;
    *"\"$transaction\""*'"status":"accepted"'*) echo "$script runs" ;;
    *"\"$transaction\""*'"status":"completed"'*) echo "$script has finished"; exit 0 ;;
    *"\"$transaction\""*) echo "$message" >&2; exit 1 ;;
    esac
done <"$events"
echo "the connection to the broker ended" >&2
exit 1
