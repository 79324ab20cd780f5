/* The predicted curve of one heater: the server's estimator gives its shape, the ETA messages its end and interval. */
(function () {
    "use strict";

    const TempETA = (window.TempETA = window.TempETA || {});

    /* ms between two requests for a heater's curve, at least; and after which another one is made. */
    const LEAST_MS = 4000;
    const AGE_MS = 30000;
    /* °C by which a reading may be off the curve before it is requested again. */
    const OFF_C = 2;

    /* Return the temperature of `shape` at a share (0…1) of its duration. */
    const at = function (shape, share) {
        const next = shape.findIndex(([each]) => each >= share);
        if (next <= 0) return shape[next < 0 ? shape.length - 1 : 0][1];
        const [[before, low], [after, high]] = [shape[next - 1], shape[next]];
        return low + ((high - low) * (share - before)) / (after - before || 1);
    };

    /* `request` gets the name of a heater and returns a promise of the server's reply. */
    TempETA.Curve = function (heater, request) {
        const self = this;
        let requestedAt = 0;
        let episode = "";

        /* {shape, from (ms), seconds} as of the request; null without one. */
        self.known = ko.observable(null);

        /* Request the curve if it is missing, old, or not what was measured. Called when the graph is shown. */
        self.follow = function (now) {
            const payload = heater.payload();
            if (TempETA.episode(payload) !== episode) {
                episode = TempETA.episode(payload);
                self.known(null);
                requestedAt = 0;
            }
            if (!episode || heater.endsAt() === null || now - requestedAt < LEAST_MS) return;
            const known = self.known();
            if (known && now - known.from < AGE_MS && Math.abs(self.expected(now) - payload.actual) < OFF_C) return;
            requestedAt = now;
            const asked = episode;
            request(heater.name).done((reply) => {
                const {shape, eta_seconds: seconds} = reply.result;
                // The estimate may have ended meanwhile.
                const usable = asked === episode && shape.length > 0;
                if (usable) self.known({shape: shape, from: Date.now(), seconds: seconds});
            });
        };

        /* Return which share of the shape has passed. */
        const passed = function (now) {
            const known = self.known();
            const whole = heater.endsAt() - known.from;
            return whole > 0 ? Math.min(1, Math.max(0, (now - known.from) / whole)) : 1;
        };
        self.expected = (now) => at(self.known().shape, passed(now));

        /* Return the rest of the curve as [ms, °C], from `celsius` at `now` to its end `seconds` later. */
        self.points = function (now, seconds, celsius) {
            const {shape} = self.known();
            const first = passed(now);
            const off = celsius - at(shape, first);
            const shares = [first, ...shape.map(([share]) => share).filter((share) => share > first)];
            return shares.map((share) => {
                const done = first < 1 ? (share - first) / (1 - first) : 1;
                return [now + 1000 * seconds * done, at(shape, share) + off * (1 - done)];
            });
        };
    };
})();
