/* Alerts: notifications and sounds. */
(function () {
    "use strict";

    const TempETA = (window.TempETA = window.TempETA || {});

    /* What alerts there are: the end of their settings' names, level and sound. */
    const ALERTS = {
        target_reached: {level: "success", sound: "heating_complete.mp3"},
        cooldown_finished: {level: "success", sound: "cooldown_complete.mp3"},
        stalled: {level: "error", sound: "problem.mp3"},
        script_failed: {level: "error", sound: "problem.mp3"},
        connection_lost: {level: "warning", sound: "problem.mp3"}
    };
    /* The state changes of a heater with an alert, and their text. */
    const CHANGES = [
        {
            state: "at_target",
            previous: ["heating", "stalled", "cooling"],
            alert: "target_reached",
            text: () => gettext("%(heater)s has reached its target: %(temperature)s")
        },
        {
            state: "cooled_down",
            previous: ["cooling"],
            alert: "cooldown_finished",
            text: () => gettext("%(heater)s has cooled down: %(temperature)s")
        },
        {
            state: "stalled",
            previous: ["heating"],
            alert: "stalled",
            text: () => gettext("%(heater)s does not heat up: %(temperature)s")
        }
    ];

    TempETA.Alerts = function (options) {
        const self = this;
        const last = {};

        /* Whether the browser refused to play a sound, because nobody has clicked on the page yet. */
        self.blocked = ko.observable(false);

        /* Return whether `what` is due: not repeated within the seconds of the option `interval`. */
        const due = function (what, interval) {
            const now = Date.now();
            if (now - (last[what] || 0) < 1000 * Number(options[interval]())) return false;
            last[what] = now;
            return true;
        };

        /* Alert as far as the settings permit; `about` is what is not repeated. */
        self.alert = function (name, about, text) {
            const {level, sound} = ALERTS[name];
            const wanted = (kind) => options[kind + "_enabled"]() && options[kind + "_" + name]();
            const what = name + " " + about;
            if (wanted("sound") && due("sound " + what, "sound_min_interval_s")) self.play(sound);
            if (wanted("notification") && due("notification " + what, "notification_min_interval_s")) {
                self.show(level, gettext("Temperature ETA"), text);
            }
        };

        /* Alert to a heater's change of state. */
        self.changed = function (label, change, temperature) {
            const event = CHANGES.find(
                (each) => each.state === change.state && each.previous.includes(change.previous_state)
            );
            if (!event) return;
            const text = _.sprintf(event.text(), {heater: label, temperature: temperature});
            self.alert(event.alert, change.heater, text);
        };

        /* Show and play an alert as it would be, whatever the settings. */
        self.test = function (name) {
            const {level, sound} = ALERTS[name];
            self.show(level, gettext("Temperature ETA"), gettext("This is a test of a notification."));
            self.play(sound);
        };

        /* Show a notification; `level` is info, success, warning or error. */
        self.show = function (level, title, text) {
            new PNotify({
                title: title,
                text: text,
                title_escape: true,
                text_escape: true,
                type: level === "warning" ? "notice" : level,
                hide: level !== "error",
                delay: 1000 * Number(options.notification_timeout_s())
            });
        };

        /* Play a sound. Browsers refuse until the user has clicked on the page. */
        self.play = function (file) {
            const audio = new Audio(PLUGIN_BASEURL + "temp_eta/static/sounds/" + file);
            audio.volume = Math.min(1, Math.max(0, Number(options.sound_volume()) || 0));
            const playing = audio.play();
            if (!playing) return;
            playing.then(
                () => self.blocked(false),
                (reason) => {
                    self.blocked(reason.name === "NotAllowedError");
                    log.info("Temperature ETA: the browser refused to play a sound:", reason);
                }
            );
        };
    };
})();
