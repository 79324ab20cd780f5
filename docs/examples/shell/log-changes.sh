#!/bin/sh
# Write each change of a heater's state as a line, for all printers:  log-changes.sh >>changes.log
# MQTT_OPTIONS as in wait-until-ready.sh.
set -eu
# shellcheck disable=SC2086
exec mosquitto_sub ${MQTT_OPTIONS:-} -q 1 -t 'octoprint/temp_eta/+/+/state_change' -F '%I %t %p'
