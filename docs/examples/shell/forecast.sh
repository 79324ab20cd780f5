#!/bin/sh
# How long would it take from now?  forecast.sh octoprint/temp_eta/ender-3-x7k2 bed 60
# Asks and waits for the reply (MQTT 5). MQTT_OPTIONS as in wait-until-ready.sh.
set -eu
base=$1 heater=$2 target=$3
# shellcheck disable=SC2086
mosquitto_rr ${MQTT_OPTIONS:-} -V mqttv5 -q 1 -W 10 \
    -t "$base/command/forecast" -e "shell/$$/reply" -m "{\"heater\": \"$heater\", \"target\": $target}"
