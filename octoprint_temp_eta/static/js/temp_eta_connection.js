/* The connection to the broker as text, for the badge in tab and navbar and for the settings dialog. */
(function () {
    "use strict";

    const TempETA = (window.TempETA = window.TempETA || {});

    /* `now` is an observable in ms. Only users who may open the settings get the connection. */
    TempETA.Connection = function (now) {
        const self = this;
        const computed = (read) => ko.pureComputed(read);

        self.mqtt = ko.observable(null);

        self.connected = computed(() => self.mqtt() !== null && self.mqtt().connected);
        self.failing = computed(() => self.mqtt() !== null && self.mqtt().enabled && !self.mqtt().connected);
        self.text = computed(() => {
            const mqtt = self.mqtt();
            if (mqtt === null) return gettext("Checking connection …");
            if (!mqtt.enabled) return gettext("Not connected: no broker set, or MQTT is off.");
            if (!mqtt.connected || !mqtt.broker) return gettext("Not connected to the broker.");
            return _.sprintf(gettext("Connected to %(host)s:%(port)d with MQTT %(protocol)s since %(time)s"), {
                ...mqtt.broker,
                time: TempETA.clock(mqtt.broker.connected_since_at)
            });
        });
        /* What does not work on the present connection, such as a subscription that the broker refuses. */
        self.impaired = computed(() => self.connected() && Boolean(self.mqtt().problem));
        /* The reason of the present failure; an error of an earlier connection is not shown beside a good one. */
        self.error = computed(() => {
            const reason = self.failing() ? self.mqtt().last_error : self.connected() && self.mqtt().problem;
            return (reason && TempETA.translated(reason)) || "";
        });
        self.retry = computed(() => {
            const at = self.failing() && self.mqtt().retry_at ? Date.parse(self.mqtt().retry_at) : null;
            if (at === null) return "";
            const seconds = Math.ceil((at - now()) / 1000);
            if (seconds <= 0) return gettext("Trying again now");
            return _.sprintf(gettext("Next try in %(seconds)d s"), {seconds: seconds});
        });
        self.summary = computed(() => [self.text(), self.error(), self.retry()].filter(Boolean).join("\n"));
        self.warnings = computed(() => ((self.mqtt() && self.mqtt().warnings) || []).map(TempETA.translated));
        self.baseTopic = computed(() => (self.mqtt() && self.mqtt().base_topic) || "");
    };
})();
