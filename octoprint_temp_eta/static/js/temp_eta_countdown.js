/* The remaining time of one heater: counts down, and follows the server's estimate without jumps. */
(function () {
    "use strict";

    const TempETA = (window.TempETA = window.TempETA || {});

    /* ms by which the shown end may differ from the server's: its messages have whole seconds, and take some time. */
    const PLAY_MS = 1500;
    /* The same in the last seconds. */
    const LAST_PLAY_MS = 600;
    const LAST_MS = 10000;
    /* Share of the difference that one step makes up for, and its least part in ms. */
    const SHARE = 0.35;
    const LEAST_MS = 400;
    /* ms without a step after which nobody can have followed the countdown: the page was hidden. */
    const UNSEEN_MS = 5000;

    /* Times are in ms of the browser's clock: the server's clock may differ. */
    TempETA.Countdown = function () {
        const self = this;
        let episode = null;
        let wanted = null;
        let steppedAt = null;

        /* When the countdown ends, as it is shown; null without an estimate. */
        self.endsAt = ko.observable(null);

        /* The server expects the end in `seconds` (null: unknown); another `name` is another heat-up or cool-down. */
        self.update = function (name, seconds, now) {
            wanted = _.isNumber(seconds) ? now + seconds * 1000 : null;
            if (wanted === null || name !== episode || self.endsAt() === null) {
                episode = name;
                self.endsAt(wanted);
            }
        };

        /* Move the shown end a step towards the server's; to it if nobody saw the last one. */
        self.step = function (now) {
            const unseen = steppedAt !== null && now - steppedAt > UNSEEN_MS;
            steppedAt = now;
            if (unseen) self.endsAt(wanted);
            const shown = self.endsAt();
            if (wanted === null || shown === null) return;
            const difference = wanted - shown;
            if (Math.abs(difference) <= (wanted - now < LAST_MS ? LAST_PLAY_MS : PLAY_MS)) return;
            const step = Math.max(LEAST_MS, SHARE * Math.abs(difference));
            self.endsAt(shown + Math.sign(difference) * Math.min(step, Math.abs(difference)));
        };
    };

    /* Return seconds as 0:42, 3:21 or 1:02:03. */
    TempETA.duration = function (seconds) {
        const whole = Math.max(0, Math.round(seconds));
        const parts = [Math.floor(whole / 60) % 60, whole % 60];
        if (whole >= 3600) parts.unshift(Math.floor(whole / 3600));
        return parts.map((part, index) => (index ? String(part).padStart(2, "0") : part)).join(":");
    };

    /* Return a time as the user's clock shows it. */
    TempETA.clock = function (time) {
        const locale = (window.LOCALE || "en").replace("_", "-");
        const {hour12} = new Intl.DateTimeFormat(locale, {hour: "numeric"}).resolvedOptions();
        // 9:05 AM, but 09:05
        const hour = hour12 ? "numeric" : "2-digit";
        return new Date(time).toLocaleTimeString(locale, {hour: hour, minute: "2-digit"});
    };
})();
