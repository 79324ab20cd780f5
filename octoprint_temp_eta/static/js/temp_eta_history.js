/* "How right was it?": the last heat-ups and cool-downs of a heater, what was predicted and what was real. */
(function () {
    "use strict";

    const TempETA = (window.TempETA = window.TempETA || {});

    /* Heat-ups from which the estimator has learned enough. */
    const ENOUGH = 3;

    /* `history` is an observable of {episodes, learned}; `degrees` gives the text of a temperature. */
    TempETA.Past = function (history, degrees, options) {
        const self = this;

        self.rows = ko.pureComputed(() =>
            [...history().episodes].reverse().map((each) => {
                const heats = each.direction === "heating";
                // Of the shown times: the reader can subtract them.
                const off = Math.round(each.predicted) - Math.round(each.real);
                return {
                    icon: heats ? "fas fa-arrow-up" : "fas fa-arrow-down",
                    kind: heats ? gettext("Heat-up") : gettext("Cool-down"),
                    temperatures: degrees(each.start) + " → " + degrees(each.goal),
                    predicted: TempETA.duration(each.predicted),
                    real: TempETA.duration(each.real),
                    error: (off < 0 ? "−" : off > 0 ? "+" : "") + TempETA.duration(Math.abs(off)),
                    inside: each.low !== null && each.low <= each.real && each.real <= each.high,
                    hasRange: each.low !== null
                };
            })
        );
        /* The mean error in percent of the real durations. */
        self.summary = ko.pureComputed(() => {
            const {episodes} = history();
            if (!episodes.length) return gettext("no heat-up or cool-down yet");
            const errors = episodes.map((each) => Math.abs(each.predicted - each.real) / Math.max(each.real, 1));
            const mean = errors.reduce((sum, each) => sum + each, 0) / errors.length;
            return _.sprintf(gettext("±%(percent)d %% on average"), {percent: Math.round(100 * mean)});
        });
        self.learned = ko.pureComputed(() => {
            if (options.algorithm() !== "model") return "";
            const count = history().learned.heating;
            if (count >= ENOUGH) return gettext("learned");
            return _.sprintf(gettext("learning (%(count)d of %(enough)d)"), {count: count, enough: ENOUGH});
        });
    };
})();
