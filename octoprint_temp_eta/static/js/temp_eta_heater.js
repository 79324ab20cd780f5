/* The view model of one heater: the ETA message as text. */
(function () {
    "use strict";

    const TempETA = (window.TempETA = window.TempETA || {});

    /* Remaining seconds below which a colour of the mode "bands" applies. */
    const SOON_S = 60;
    const NEAR_S = 300;

    const STATES = {
        off: () => gettext("Off"),
        heating: () => gettext("Heating"),
        at_target: () => gettext("At target"),
        cooling: () => gettext("Cooling"),
        cooled_down: () => gettext("Cooled down"),
        stalled: () => gettext("Not heating up"),
        unknown: () => gettext("No data")
    };
    const ICONS = {tool: "fas fa-fill-drip", bed: "fas fa-layer-group", chamber: "fas fa-cube"};

    /* Return a heater's label; tools have a number if there are several. */
    TempETA.label = function (name, severalTools) {
        const tool = /^tool(\d+)$/.exec(name);
        if (tool) return severalTools ? gettext("Tool") + " " + tool[1] : gettext("Tool");
        if (name === "bed") return gettext("Bed");
        return name === "chamber" ? gettext("Chamber") : name;
    };

    /*
     * `pages` is what all heaters share: `now` (ms, ticks), `options` (our settings), `severalTools` and `fahrenheit`.
     */
    TempETA.Heater = function (name, pages) {
        const self = this;
        const computed = (read) => ko.pureComputed(read);
        const countdown = new TempETA.Countdown();

        self.name = name;
        self.icon = ICONS[name.replace(/\d+$/, "")] || "fas fa-thermometer-half";
        self.payload = ko.observable({});
        /* When the payload arrived, in ms of the browser's clock. */
        self.updatedAt = 0;
        /* The newest reading that OctoPrint's page got, in °C; messages leave out small changes. Null before the first. */
        self.reading = ko.observable(null);
        self.endsAt = countdown.endsAt;
        self.step = (now) => countdown.step(now);

        self.update = function (payload) {
            self.updatedAt = Date.now();
            countdown.update(TempETA.episode(payload), payload.eta_seconds, self.updatedAt);
            self.payload(payload);
        };

        self.label = computed(() => TempETA.label(name, pages.severalTools()));
        /* What screen readers call parts of the heater; each name is unique on the page. */
        const named = (text) => computed(() => _.sprintf(text(), {heater: self.label()}));
        self.progressLabel = named(() => gettext("Progress: %(heater)s"));
        self.sidebarProgressLabel = named(() => gettext("Progress in the sidebar: %(heater)s"));
        self.graphLabel = named(() => gettext("Graph of %(heater)s: measured, target and predicted temperature"));
        self.state = computed(() => self.payload().state || "unknown");
        self.stateText = computed(() => (STATES[self.state()] || self.state)());
        self.moves = computed(() => ["heating", "cooling", "stalled"].includes(self.state()));
        /* Whether it cools down without a target. */
        self.cools = computed(() => self.state() === "cooling" && !self.payload().target);

        self.remaining = computed(() =>
            self.endsAt() === null ? null : Math.max(0, (self.endsAt() - pages.now()) / 1000)
        );
        self.countdown = computed(() => (self.remaining() === null ? "" : TempETA.duration(self.remaining())));
        /* The clock time of the countdown's end, so that the two never differ. */
        self.clock = computed(() => (self.remaining() ? TempETA.clock(self.endsAt()) : ""));
        self.expectedAt = computed(() => {
            if (!self.clock()) return "";
            const text = self.cools() ? gettext("Cool at %(time)s") : gettext("Ready at %(time)s");
            return _.sprintf(text, {time: self.clock()});
        });
        /* The likely remaining seconds as {low, high}, null without an interval; they contain the countdown. */
        self.interval = computed(() => {
            const {eta_low: low, eta_high: high} = self.payload();
            const remaining = self.remaining();
            if (remaining === null || !_.isNumber(low) || !_.isNumber(high)) return null;
            const passed = (pages.now() - self.updatedAt) / 1000;
            return {
                low: Math.min(Math.max(0, low - passed), remaining),
                high: Math.max(high - passed, remaining)
            };
        });
        self.range = computed(() => {
            const interval = self.interval();
            if (!interval) return "";
            return _.sprintf(gettext("%(low)s to %(high)s"), {
                low: TempETA.duration(interval.low),
                high: TempETA.duration(interval.high)
            });
        });

        const temperature = (celsius) => formatTemperature(celsius, pages.fahrenheit(), undefined, true);
        /* The newest temperature in °C, null without one. A message may be older than OctoPrint's last reading. */
        self.measured = computed(() => {
            const {actual, extrapolated} = self.payload();
            if (!_.isNumber(actual)) return null;
            return self.reading() === null || extrapolated ? actual : self.reading();
        });
        /* With ≈ if it is computed, because the printer is away. */
        self.actual = computed(() => (self.payload().extrapolated ? "≈ " : "") + temperature(self.measured()));
        self.actualHelp = computed(() =>
            self.payload().extrapolated ? gettext("Computed, not measured: the printer is not connected.") : null
        );
        self.goal = computed(() => (self.cools() ? self.payload().cooldown_target : self.payload().target));
        self.goalText = computed(() => (self.goal() ? temperature(self.goal()) : ""));
        self.rate = computed(() => {
            const rate = self.payload().rate;
            // It is measured over some seconds: at first it is that of the time before.
            const wrongWay = self.state() === "cooling" ? rate > 0 : rate < 0;
            if (!_.isNumber(rate) || wrongWay) return "";
            const celsius = _.sprintf("%+.1f °C/min", rate * 60);
            const both = pages.fahrenheit() ? celsius + _.sprintf(" (%+.1f °F/min)", rate * 108) : celsius;
            return both.replace(/-/g, "−");
        });

        self.percent = computed(() => {
            const progress = self.payload().progress;
            return _.isNumber(progress) ? Math.round(progress * 100) : null;
        });
        self.withTrack = pages.options.show_progress_bars;
        self.showsProgress = computed(() => self.withTrack() && self.percent() !== null);

        self.css = computed(() => {
            const classes = ["temp-eta-state-" + self.state()];
            if (pages.options.color_mode() === "bands" && self.remaining() !== null) {
                const seconds = self.remaining();
                classes.push("temp-eta-" + (seconds < SOON_S ? "soon" : seconds < NEAR_S ? "near" : "far"));
            }
            return classes.join(" ");
        });
        /* The colour from the settings; null for the style sheet's. */
        self.color = computed(() => {
            const options = pages.options;
            const ownColor = ["stalled", "at_target", "cooled_down"].includes(self.state());
            if (options.color_mode() !== "status" || ownColor) return null;
            if (self.state() === "heating") return options.color_heating();
            return self.state() === "cooling" ? options.color_cooling() : options.color_idle();
        });
    };

    /* Return what identifies a heat-up or cool-down; empty without one. */
    TempETA.episode = function (payload) {
        if (!payload.eta_kind) return "";
        return [payload.eta_kind, payload.target, payload.cooldown_target].join(" ");
    };
})();
