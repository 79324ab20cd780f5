/* Settings that have no effect with the present choice of others, and settings of other plugins. */
(function () {
    "use strict";

    const TempETA = (window.TempETA = window.TempETA || {});

    /* Settings that a broker written as a URL brings itself. */
    const IN_URL = ["mqtt_use_tls", "mqtt_transport"];

    /* Return an observable: why the setting `key` has no effect; `own` are all settings. */
    TempETA.needs = function (key, own) {
        const needs = $("#temp_eta_setting_" + key).closest("[data-needs]").data("needs") || [];
        return ko.pureComputed(() => {
            const missing = needs.find((need) => !isMet(need, own));
            if (!missing) return "";
            const text = missing.values.includes(true)
                ? gettext("Has no effect: “%(setting)s” is off.")
                : gettext("Has no effect with the present choice of “%(setting)s”.");
            return _.sprintf(text, {setting: gettext(missing.label)});
        });
    };
    const isMet = function ({key, values}, own) {
        if (IN_URL.includes(key) && String(own.mqtt_broker_host()).includes("://")) return true;
        return values.includes(own[key]());
    };

    /* Return our settings for the broker in the settings of OctoPrint-MQTT. */
    TempETA.fromMqttPlugin = function (broker) {
        const files = broker.tls || {};
        const tls = _.isBoolean(broker.tls_active)
            ? broker.tls_active
            : Boolean(files.ca_certs || files.certfile) || Number(broker.port) === 8883;
        const taken = {
            mqtt_enabled: true,
            mqtt_broker_host: broker.url,
            mqtt_broker_port: broker.port || 1883,
            mqtt_username: broker.username || "",
            mqtt_keepalive: broker.keepalive || 60,
            mqtt_transport: "tcp",
            mqtt_use_tls: tls,
            mqtt_tls_insecure: Boolean(broker.tls_insecure),
            mqtt_tls_server_name: "",
            mqtt_tls_ca_file: files.ca_certs || "",
            mqtt_tls_certificate_file: files.certfile || "",
            mqtt_tls_key_file: files.keyfile || ""
        };
        return broker.password ? {...taken, mqtt_password: broker.password} : taken;
    };
})();
