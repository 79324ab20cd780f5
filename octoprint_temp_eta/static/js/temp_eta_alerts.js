/* Sounds and notifications. */
(function () {
    "use strict";

    const TempETA = (window.TempETA = window.TempETA || {});

    /* The state changes with an alert: their setting, sound and text. */
    const EVENTS = [
        {
            state: "at_target",
            previous: ["heating", "stalled", "cooling"],
            option: "target_reached",
            sound: "heating_complete.mp3",
            text: () => gettext("%(heater)s has reached its target: %(temperature)s")
        },
        {
            state: "cooled_down",
            previous: ["cooling"],
            option: "cooldown_finished",
            sound: "cooldown_complete.mp3",
            text: () => gettext("%(heater)s has cooled down: %(temperature)s")
        }
    ];

    TempETA.Alerts = function (options) {
        const self = this;
        const last = {};

        /* Return whether `what` is due: not repeated within the seconds of the option `interval`. */
        const due = function (what, interval) {
            const now = Date.now();
            if (now - (last[what] || 0) < 1000 * Number(options[interval]())) return false;
            last[what] = now;
            return true;
        };

        /* Alert to a heater's change of state, if the settings permit it. */
        self.changed = function (label, change, temperature) {
            const event = EVENTS.find(
                (each) => each.state === change.state && each.previous.includes(change.previous_state)
            );
            if (!event) return;
            const wanted = (kind) => options[kind + "_enabled"]() && options[kind + "_" + event.option]();
            const what = change.heater + " " + change.state;
            if (wanted("sound") && due("sound " + what, "sound_min_interval_s")) self.play(event.sound);
            if (wanted("notification") && due("notification " + what, "notification_min_interval_s")) {
                const text = _.sprintf(event.text(), {heater: label, temperature: temperature});
                self.show("success", gettext("Temperature ETA"), text);
            }
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
            if (playing) playing.catch((reason) => log.info("Temperature ETA: the browser refused to play a sound:", reason));
        };
    };
})();
