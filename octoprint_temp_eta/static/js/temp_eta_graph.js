/* The temperature history, and a heater's graph: measured, target or cool line, and the predicted curve. */
(function () {
    "use strict";

    const TempETA = (window.TempETA = window.TempETA || {});

    /* ms of history that are kept: the longest time span of the graph. */
    const KEPT_MS = 1800 * 1000;
    /* °C between the graph's bounds, at least. */
    const MIN_SPAN = 10;
    /* Share of the time to the goal that is shown beyond it, and of the heat-up that is shown before its start. */
    const BEYOND = 0.08;
    /* Times between which the axis has ticks, in s. */
    const TICKS_S = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
    const MOST_TICKS = 6;
    /* Messages by which the difference between the clocks is known. */
    const MESSAGES = 20;
    const GREY = "rgba(128, 128, 128, 0.35)";

    /* OctoPrint's own temperatures: it sends its history to each page that connects, then the new readings. */
    TempETA.History = function () {
        const self = this;
        /* By name: a heater may be called `constructor`. */
        const points = new Map();
        /*
         * ms by which the browser's clock is ahead of the server's, by the last messages: the fastest one is the most
         * exact, but a clock may be set.
         */
        let ahead = [];

        self.replace = function (data) {
            points.clear();
            ahead = [];
            self.add(data);
        };

        self.add = function (data) {
            if (data.serverTime) ahead = [...ahead, Date.now() - data.serverTime * 1000].slice(-MESSAGES);
            (data.temps || []).forEach((reading) => {
                _.forOwn(reading, (value, name) => {
                    if (_.isPlainObject(value) && _.isNumber(value.actual)) keep(name, reading.time * 1000, value);
                });
            });
        };

        const keep = function (name, at, value) {
            if (!points.has(name)) points.set(name, []);
            const list = points.get(name);
            // OctoPrint's times are whole seconds: of several readings in one second, keep the last.
            if (list.length && list[list.length - 1].at >= at) list.pop();
            list.push({at: at, actual: value.actual, target: value.target || 0});
            while (list[0].at < at - KEPT_MS) list.shift();
        };

        /* Return by how many ms the browser's clock is ahead. */
        self.offset = () => (ahead.length ? Math.min(...ahead) : 0);

        /* Return the newest reading of a heater in °C, null without one. */
        self.newest = (name) => (points.has(name) ? _.last(points.get(name)).actual : null);

        /* Return the points of a heater since `from`, in ms of the browser's clock. */
        self.of = function (name, from) {
            return (points.get(name) || [])
                .map((point) => ({...point, at: point.at + self.offset()}))
                .filter((point) => point.at >= from);
        };
    };

    /*
     * Return what a graph shows: lists of [ms, °C] as `actual`, `target`, `ahead`; `band` as [ms, high, low]; and the
     * bounds `from`, `to` (ms), `low`, `high` (°C). `goal` is {celsius, low, middle, high}, the seconds until it is
     * reached, or null; `curve` is a `TempETA.Curve`; `newest` is the newest temperature as {celsius, extrapolated}.
     * Null without any reading.
     */
    TempETA.plotted = function (points, now, windowMs, goal, curve, {celsius: newest, extrapolated} = {}) {
        if (!points.length) return null;
        const measured = points.map((point) => [point.at, point.actual]);
        const last = _.last(measured);
        const present = _.isNumber(newest) && last[0] < now ? [now, newest] : last;
        const actual = present === last || extrapolated ? measured : [...measured, present];
        // The predicted curve starts where the measured one ends.
        const start = present[1];
        const target = [];
        points.forEach((point, index) => {
            // A step where the target changes; a gap where there is none.
            if (index && points[index - 1].target !== point.target) target.push(null);
            if (point.target > 0) target.push([point.at, point.target]);
        });
        const known = goal !== null && curve.known() !== null;
        const ahead = known ? [...(extrapolated ? [last] : []), ...curve.points(now, goal.middle, start)] : [];
        const band = known && goal.low !== null ? between(curve, now, goal, start) : [];
        const reach = goal === null ? 0 : 1000 * Math.max(goal.middle, Math.min(goal.high || 0, 2 * goal.middle));
        const to = now + reach * (1 + BEYOND);
        if (goal !== null) target.push([now, goal.celsius], [to, goal.celsius]);
        const values = [...actual, ...ahead, ...target.filter(Boolean)].map(([, celsius]) => celsius);
        const [least, most] = [Math.min(...values), Math.max(...values)];
        const margin = Math.max(MIN_SPAN - (most - least), 0.12 * (most - least)) / 2;
        return {
            actual: actual,
            target: target,
            ahead: ahead,
            band: band,
            from: now - windowMs,
            to: to,
            low: least - margin,
            high: most + margin
        };
    };

    /* Return the area between the fastest and the slowest likely curve as [ms, °C, °C]. */
    const between = function (curve, now, goal, start) {
        const [fast, slow] = [goal.low, goal.high].map((seconds) => curve.points(now, seconds, start));
        const times = _.sortBy(_.uniq([...fast, ...slow].map(([at]) => at)));
        return times.map((at) => [at, value(fast, at), value(slow, at)]);
    };

    /* Return the value of a line of [ms, °C] at a time; its last value after its end. */
    const value = function (line, at) {
        const next = line.findIndex(([time]) => time >= at);
        if (next < 0) return line[line.length - 1][1];
        if (next === 0) return line[0][1];
        const [[before, low], [after, high]] = [line[next - 1], line[next]];
        return low + ((high - low) * (at - before)) / (after - before || 1);
    };

    /* Return the ticks of the time axis as [ms, text], counted from `now`. */
    TempETA.ticks = function (from, to, now) {
        const step = 1000 * (TICKS_S.find((each) => (to - from) / 1000 / each <= MOST_TICKS) || 14400);
        const ticks = [];
        for (let number = Math.ceil((from - now) / step); now + number * step <= to; number++) {
            const text = TempETA.duration(Math.abs(number * step) / 1000);
            ticks.push([now + number * step, number ? (number < 0 ? "−" : "+") + text : gettext("now")]);
        }
        return ticks;
    };

    /* Return the lines of the graph for flot; `color` is the heater's. */
    const series = function (shown, color) {
        const flat = {shadowSize: 0, hoverable: false};
        return [
            {...flat, data: shown.band, color: color, lines: {show: true, lineWidth: 0, fill: 0.2}},
            {...flat, data: shown.target, color: "rgba(128, 128, 128, 0.9)", lines: {show: true, lineWidth: 1}},
            {
                ...flat,
                data: shown.ahead,
                color: color,
                lines: {show: false},
                dashes: {show: true, lineWidth: 2, dashLength: 6}
            },
            {...flat, data: shown.actual, color: color, lines: {show: true, lineWidth: 2}}
        ];
    };

    /* Draw `shown` into an element, and return flot's plot; `degrees` gives the text of a temperature. */
    const draw = function (element, {shown, now, degrees}) {
        const color = getComputedStyle(element).getPropertyValue("--temp-eta-color").trim() || "#8a8a8a";
        return $.plot($(element), series(shown, color), {
            series: {dashes: {show: false}},
            xaxis: {min: shown.from, max: shown.to, ticks: TempETA.ticks(shown.from, shown.to, now)},
            yaxis: {
                min: shown.low,
                max: shown.high,
                ticks: 4,
                minTickSize: 5,
                tickFormatter: (celsius) => degrees(celsius),
                labelWidth: degrees(0).includes("F") ? 76 : 38
            },
            grid: {
                borderWidth: {top: 0, right: 0, bottom: 1, left: 1},
                borderColor: GREY,
                tickColor: "rgba(128, 128, 128, 0.15)",
                hoverable: true,
                autoHighlight: false,
                markings: [{xaxis: {from: now, to: now}, color: GREY, lineWidth: 1}]
            },
            legend: {show: false}
        });
    };

    /* Return what the graph shows at a time, as text. */
    const described = function ({shown, now, degrees}, at) {
        const seconds = (at - now) / 1000;
        const text = [(seconds < 0 ? "−" : "+") + TempETA.duration(Math.abs(seconds)) + " · " + TempETA.clock(at)];
        if (at <= _.last(shown.actual)[0]) {
            text.push(gettext("Measured:") + " " + degrees(value(shown.actual, at), 1));
        } else if (shown.ahead.length) {
            text.push(gettext("Predicted:") + " " + degrees(value(shown.ahead, at), 1));
            const inside = shown.band.filter(([time]) => time >= at)[0];
            if (inside) text.push(_.sprintf(gettext("%(low)s to %(high)s"), range(inside, degrees)));
        }
        return text.join("\n");
    };
    const range = function ([, one, other], degrees) {
        return {low: degrees(Math.min(one, other)), high: degrees(Math.max(one, other))};
    };

    const tipOf = (element) => $(element).siblings(".temp-eta-tip");
    /* Describe a time in the tip of the graph in `element`. */
    const describe = function (element, graph, at) {
        tipOf(element).text(described(graph, Math.min(Math.max(at, graph.shown.from), graph.shown.to)));
    };

    /* Draw the graph that waits for its frame. flot cannot draw into an element that is not shown. */
    const drawWaiting = function (element) {
        const graph = $(element).data("graph");
        $(element).removeData("graph");
        if (!graph || element.offsetWidth === 0 || element.offsetHeight === 0) return;
        const plot = draw(element, graph);
        // The mouse rests, but the graph has moved.
        const left = tipOf(element).data("left") - plot.getPlotOffset().left;
        if (tipOf(element).is(":visible")) describe(element, graph, plot.getXAxes()[0].c2p(left));
    };

    /* The binding of the element that the graph is drawn into: {shown, now, degrees}. */
    ko.bindingHandlers.tempEtaPlot = {
        init: function (element, value) {
            const tip = $("<div class='temp-eta-tip' aria-hidden='true'></div>").insertAfter(element).hide();
            $(element)
                .on("plothover", (event, position) => {
                    const graph = ko.unwrap(value());
                    if (!graph) return;
                    tip.show();
                    describe(element, graph, position.x);
                    const place = $(element).position();
                    const left = position.pageX - $(element).offset().left;
                    const most = $(element).width() - tip.outerWidth();
                    tip.css({top: place.top, left: place.left + Math.max(0, Math.min(left + 12, most))});
                    tip.data("left", left);
                })
                .on("mouseleave", () => tip.hide());
        },
        update: function (element, value) {
            const waiting = $(element).data("graph") !== undefined;
            $(element).data("graph", ko.unwrap(value()));
            // After the other bindings: they set the colour. A page in the background gets no frames: only the newest
            // graph waits for one.
            if (!waiting) window.requestAnimationFrame(() => drawWaiting(element));
        }
    };
})();
