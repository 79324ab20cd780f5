/* The temperature history, and a heater's graph as SVG paths in a box of 100 by 100. */
(function () {
    "use strict";

    const TempETA = (window.TempETA = window.TempETA || {});

    /* ms of history that are kept: the longest time span of the graph. */
    const KEPT_MS = 1800 * 1000;
    /* °C between the graph's bounds, at least. */
    const MIN_SPAN = 10;

    /* OctoPrint's own temperatures: it sends its history to each page that connects, then the new readings. */
    TempETA.History = function () {
        const self = this;
        const points = {};
        /* ms by which the browser's clock is ahead of the server's; the fastest message is the most exact. */
        let ahead = Infinity;

        self.replace = function (data) {
            Object.keys(points).forEach((name) => delete points[name]);
            ahead = Infinity;
            self.add(data);
        };

        self.add = function (data) {
            if (data.serverTime) ahead = Math.min(ahead, Date.now() - data.serverTime * 1000);
            (data.temps || []).forEach((reading) => {
                _.forOwn(reading, (value, name) => {
                    if (_.isPlainObject(value) && _.isNumber(value.actual)) keep(name, reading.time * 1000, value);
                });
            });
        };

        const keep = function (name, at, value) {
            const list = (points[name] = points[name] || []);
            // OctoPrint's times are whole seconds: of several readings in one second, keep the last.
            if (list.length && list[list.length - 1].at >= at) list.pop();
            list.push({at: at, actual: value.actual, target: value.target || 0});
            while (list[0].at < at - KEPT_MS) list.shift();
        };

        /* Return the points of a heater since `from`, in ms of the browser's clock. */
        self.of = function (name, from) {
            const offset = isFinite(ahead) ? ahead : 0;
            return (points[name] || [])
                .map((point) => ({...point, at: point.at + offset}))
                .filter((point) => point.at >= from);
        };
    };

    const path = (pairs) => pairs.map(([x, y], index) => (index ? "L" : "M") + x.toFixed(2) + " " + y.toFixed(2)).join("");

    /*
     * Return the graph of `points` (at in ms, actual, target): paths `actual`, `target` and `ahead`, the bounds `low`
     * and `high` in °C, and `present`, the position of now in percent of the width. The graph starts `windowMs` before
     * `now`; `goal` is the expected end of the heat-up or cool-down as {celsius, at}, or null.
     */
    TempETA.graph = function (points, now, windowMs, goal) {
        const aheadMs = goal ? Math.min(Math.max(0, goal.at - now), windowMs) : 0;
        const temperatures = points.map((point) => point.actual);
        points.filter((point) => point.target > 0).forEach((point) => temperatures.push(point.target));
        if (goal) temperatures.push(goal.celsius);
        if (!temperatures.length) return null;

        const least = Math.min(...temperatures);
        const span = Math.max(MIN_SPAN, Math.max(...temperatures) - least);
        const low = least - 0.05 * span;
        const high = low + 1.1 * span;
        const x = (at) => (100 * (at - now + windowMs)) / (windowMs + aheadMs);
        const y = (celsius) => (100 * (high - celsius)) / (high - low);

        const last = points[points.length - 1];
        const steps = [];
        points.forEach((point, index) => {
            if (index) steps.push([x(point.at), y(points[index - 1].target)]);
            steps.push([x(point.at), y(point.target)]);
        });
        const ahead = [];
        if (goal && last && goal.at > now) {
            const share = aheadMs / (goal.at - now);
            ahead.push([x(last.at), y(last.actual)]);
            ahead.push([100, y(last.actual + share * (goal.celsius - last.actual))]);
        }
        return {
            actual: path(points.map((point) => [x(point.at), y(point.actual)])),
            target: last && last.target > 0 ? path(steps) : "",
            ahead: path(ahead),
            low: low,
            high: high,
            present: x(now)
        };
    };
})();
