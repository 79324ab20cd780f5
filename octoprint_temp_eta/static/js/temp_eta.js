/* The view model of sidebar, tab and navbar: the heaters and the scripts. */
$(function () {
    "use strict";

    const TempETA = window.TempETA;
    const TICK_MS = 1000;
    /* ms before now that a graph of a heat-up or cool-down shows, at least. */
    const SHORTEST_MS = 20000;
    const TAB = "#tab_plugin_temp_eta";
    const SIDEBAR = "#sidebar_plugin_temp_eta";
    const STATUSES = {
        offline: () => gettext("The printer is not connected."),
        error: () => gettext("The connection to the printer ended with an error."),
        idle: () => gettext("The heaters are off."),
        heating: () => gettext("The printer is heating up."),
        ready: () => gettext("The printer is ready."),
        printing: () => gettext("A print is running."),
        paused: () => gettext("The print is paused."),
        cooling: () => gettext("The printer is cooling down.")
    };

    function TempEtaViewModel(parameters) {
        const self = this;
        const [settings, loginState, access] = parameters;
        const history = new TempETA.History();
        let alerts;
        let started = false;
        /* What the web socket brought since the last request: heaters by name, the rest by type. It is newer. */
        let received = new Set();

        self.now = ko.observable(Date.now());
        self.heaters = ko.observableArray([]);
        self.printer = ko.observable({});
        /* Problems of the installation; only users who may open the settings get them. */
        self.problems = ko.observableArray([]);
        self.announcement = ko.observable("");
        self.tabOpen = ko.observable(false);
        self.connection = new TempETA.Connection(self.now);

        self.severalTools = ko.pureComputed(
            () => self.heaters().filter((heater) => heater.name.startsWith("tool")).length > 1
        );

        self.onBeforeBinding = function () {
            self.options = settings.settings.plugins.temp_eta;
            alerts = self.alerts = new TempETA.Alerts(self.options);
            self.show = alerts.show;
            const shows = (key) =>
                ko.pureComputed(() => self.options.enabled() && self.options[key]() && self.mayRead());
            self.inSidebar = shows("show_in_sidebar");
            self.inTab = shows("show_in_tab");
            self.inNavbar = shows("show_in_navbar");
            self.withGraph = ko.pureComputed(() => self.tabOpen() && self.options.show_historical_graph());
            self.mayReset = ko.pureComputed(
                () =>
                    self.options.allow_reset() && loginState.hasPermission(access.permissions.PLUGIN_TEMP_ETA_RESET)
            );
            self.fahrenheit = ko.pureComputed(() => {
                const choice = self.options.temp_display();
                return choice === "cf" || (choice === "octoprint" && settings.appearance_showFahrenheitAlso());
            });
            self.inTab.subscribe((shown) => {
                if (!shown && $(TAB).hasClass("active")) openAnotherTab();
            });
            moveAboveFiles();
        };

        /* Above the long list of files, unless the user has chosen an order. */
        const moveAboveFiles = function () {
            const files = $("#files_wrapper");
            if (!files.length || $(SIDEBAR + " [data-placed]").data("placed")) return;
            $(SIDEBAR + "_wrapper").insertBefore(files);
            $(SIDEBAR + "_scripts_wrapper").insertBefore(files);
        };

        /* The first link in the tab bar may be that of its menu, which is not a tab. */
        const openAnotherTab = function () {
            const links = $("#tabs a[data-toggle='tab']").toArray();
            const isShown = (link) => $(link).parent().css("display") !== "none";
            $(links.find((link) => link.hash !== TAB && isShown(link))).tab("show");
        };

        self.mayRead = ko.pureComputed(() => loginState.hasPermission(access.permissions.PLUGIN_TEMP_ETA_READ));
        self.mayRun = ko.pureComputed(() => loginState.hasPermission(access.permissions.PLUGIN_TEMP_ETA_RUN));
        self.maySettings = ko.pureComputed(() => loginState.hasPermission(access.permissions.SETTINGS));
        /* Guests who may read the estimates get no reply to a request that would replace them. */
        self.maySettings.subscribe((may) => {
            if (may) return;
            self.problems([]);
            self.connection.mqtt(null);
        });
        self.scripts = new TempETA.Scripts(self);

        self.onStartupComplete = function () {
            started = true;
            self.tabOpen($(TAB).hasClass("active"));
            self.refresh();
            window.setInterval(() => {
                if (!document.hidden) self.tick();
            }, TICK_MS);
        };
        self.onDataUpdaterReconnect = self.onUserPermissionsChanged = () => self.refresh();
        /* A log-in or log-out on the open page. OctoPrint calls these also before the page is ready. */
        self.onUserLoggedIn = self.onUserLoggedOut = () => started && self.refresh();

        self.onTabChange = (current) => self.tabOpen(current === TAB);

        self.fromHistoryData = (data) => history.replace(data);
        self.fromCurrentData = function (data) {
            history.add(data);
            self.heaters().forEach((heater) => heater.reading(history.newest(heater.name)));
        };

        /* Let the countdowns fall, and the graphs move, if somebody looks. */
        self.tick = function () {
            const now = Date.now();
            self.heaters().forEach((heater) => heater.step(now));
            self.now(now);
            if (self.withGraph()) self.heaters().forEach((heater) => heater.curve.follow(now));
        };

        self.onDataUpdaterPluginMessage = function (plugin, message) {
            // Messages before the page is ready: it requests the current state once it is.
            if (plugin !== "temp_eta" || !alerts) return;
            const {type, data} = message;
            if (type === "eta_update") received.add(message.heater);
            else received.add(type);
            if (type in MESSAGES) MESSAGES[type](data, message);
        };

        const MESSAGES = {
            eta_update: function (data, {heater}) {
                if (data) self.update(heater, data);
                else self.heaters.remove((each) => each.name === heater);
            },
            printer_update: (data) => self.printer(data),
            problems_update: (data) => self.problems(data),
            connection_update: function (data) {
                const before = self.connection.connected();
                self.connection.mqtt(data);
                if (!before || !self.connection.failing()) return;
                alerts.alert("connection_lost", "", self.connection.error() || self.connection.text());
            },
            history_update: () => past.request(),
            scripts_update: (data) => self.scripts.found(data || []),
            script_log: (data) => self.scripts.logged(data),
            script_update: function (data) {
                if (!data) return;
                const before = self.scripts.runner();
                self.scripts.update(data, data.timestamp);
                const failed = data.last && ["failed", "error"].includes(data.last.outcome);
                // While the printer finishes, the run is still there beside its result.
                const known = before.last && data.last && before.last.run_id === data.last.run_id;
                if (failed && !known && before.run_id === data.last.run_id) {
                    alerts.alert("script_failed", data.last.id, self.scripts.last().text + ": " + data.last.error);
                }
            },
            state_change: (data, {heater}) => self.changed(heater, data),
            notification: function (data, message) {
                if (message.title === "MQTT") return; // what it is about is shown by the connection's badge
                /* Shown whatever the settings: without it a button would just do nothing. */
                if (!message.refused_line) {
                    alerts.show(message.level, message.title, TempETA.translated(message.message));
                    return;
                }
                const text = gettext(
                    "The printer was not moved (%(line)s): this script controls it. Wait for its end, or cancel it."
                );
                alerts.show(message.level, message.title, _.sprintf(text, {line: message.refused_line}));
            }
        };

        /* Request the current state: a page that has just opened, or was disconnected, has missed messages. */
        self.refresh = function () {
            if (!self.mayRead()) clear();
            server.request();
        };
        const server = new TempETA.State({
            wanted: self.mayRead,
            before: () => (received = new Set()),
            show: function (state) {
                self.heaters.remove((heater) => !_.has(state.eta, heater.name) && !received.has(heater.name));
                _.forOwn(state.eta, (payload, name) => {
                    if (!received.has(name)) self.update(name, payload);
                });
                setHistory(state);
                if (!received.has("problems_update")) self.problems(state.problems || []);
                if (!received.has("printer_update")) self.printer(state.printer);
                if (!received.has("connection_update")) self.connection.mqtt(state.mqtt);
                if (!received.has("scripts_update")) self.scripts.found(state.scripts);
                if (!received.has("script_update")) self.scripts.update(state.script, state.timestamp);
            }
        });
        self.unanswered = server.failed;
        /* Who may not read any more sees nothing of before. */
        const clear = function () {
            self.heaters.removeAll();
            self.printer({});
            self.problems([]);
            self.connection.mqtt(null);
            self.scripts.list([]);
            self.scripts.lines([]);
            self.scripts.update({state: "idle", last: null});
        };
        const setHistory = (state) =>
            self.heaters().forEach((heater) => {
                if (state.history && _.has(state.history, heater.name)) heater.history(state.history[heater.name]);
            });
        const past = new TempETA.State({wanted: self.mayRead, show: setHistory});

        self.update = function (name, payload) {
            let heater = self.heaters().find((each) => each.name === name);
            if (!heater) {
                heater = new TempETA.Heater(name, self);
                heater.curve = new TempETA.Curve(heater, requestCurve);
                heater.history = ko.observable({episodes: [], learned: {heating: 0, cooling: 0}});
                heater.past = new TempETA.Past(heater.history, self.degrees, self.options);
                heater.graph = ko.pureComputed(() => self.graph(heater));
                self.heaters.push(heater);
                self.heaters.sort((one, other) => rank(one.name).localeCompare(rank(other.name)));
            }
            self.now(Date.now());
            heater.update(payload);
        };
        const requestCurve = (name) => TempETA.command("get_curve", {heater: name});

        /* Tools first, then the rest by name, in the server's order. */
        const rank = (name) => (name.startsWith("tool") ? "0" : "1") + name;

        self.changed = function (name, change) {
            const label = TempETA.label(name, self.severalTools());
            const celsius = change.state === "at_target" ? change.target : change.actual;
            const temperature = formatTemperature(celsius, self.fahrenheit(), undefined, true);
            alerts.changed(label, change, temperature);
            const heater = self.heaters().find((each) => each.name === name);
            // Screen readers announce the change, not each second of the countdown.
            if (heater && ["at_target", "cooled_down", "stalled"].includes(change.state)) {
                heater.update({...heater.payload(), state: change.state});
                self.announcement(label + ": " + heater.stateText());
            }
        };

        self.reset = function (heater) {
            const question = gettext("Reset what was learned about %(heater)s? Estimates start from scratch.");
            showConfirmationDialog(_.sprintf(question, {heater: _.escape(heater.label())}), () => forget([heater]));
        };
        self.resetAll = function () {
            const question = gettext("Reset what was learned about all heaters? Estimates start from scratch.");
            showConfirmationDialog(question, () => forget(self.heaters()));
        };
        const forget = (heaters) =>
            heaters.forEach((heater) =>
                TempETA.command("reset", {heater: heater.name, learned: true}).fail((xhr) =>
                    alerts.show("error", gettext("Temperature ETA"), TempETA.reason(xhr))
                )
            );

        /* Return what the graph of a heater shows; see `TempETA.plotted`. */
        self.graph = function (heater) {
            const longest = 1000 * (Number(self.options.historical_graph_window_seconds()) || 180);
            const now = self.now();
            // The colour of the lines.
            heater.css();
            heater.color();
            const counting = heater.goal() && heater.remaining() !== null;
            const {low, high} = heater.interval() || {low: null, high: null};
            const goal = counting
                ? {celsius: heater.goal(), low: low, middle: heater.remaining(), high: high}
                : null;
            const since = Date.parse(heater.payload().state_since) + history.offset();
            const past = goal && since ? Math.min(longest, Math.max(SHORTEST_MS, 1.25 * (now - since))) : longest;
            const points = history.of(heater.name, now - past);
            const newest = {celsius: heater.measured(), extrapolated: heater.payload().extrapolated};
            const shown = TempETA.plotted(points, now, past, goal, heater.curve, newest);
            return shown && {shown: shown, now: now, degrees: self.degrees};
        };
        self.openTab = () => $("#tabs a[href='" + TAB + "']").tab("show");
        self.degrees = (celsius, digits = 0) =>
            _.sprintf("%." + digits + "f°C", celsius) +
            (self.fahrenheit() ? _.sprintf(" %." + digits + "f°F", celsius * 1.8 + 32) : "");

        /* The countdowns in the navbar. */
        self.counting = ko.pureComputed(() => self.heaters().filter((heater) => heater.remaining() !== null));
        self.summary = ko.pureComputed(() =>
            self
                .heaters()
                .map((heater) => [heater.label() + ":", heater.stateText(), heater.countdown()].join(" ").trim())
                .join("\n")
        );
        /* The heaters that the printer waits for; its message may be older than those about them. Of one without a
           temperature, nobody knows when it is ready. */
        const awaited = ko.pureComputed(() =>
            self
                .heaters()
                .filter((heater) => (self.printer().waiting_for || []).includes(heater.name))
                .filter((heater) => heater.moves() || heater.state() === "unknown")
        );
        self.awaitedText = ko.pureComputed(() => {
            const names = awaited().map((heater) => heater.label());
            return names.length ? _.sprintf(gettext("Waiting for %(heaters)s"), {heaters: names.join(", ")}) : "";
        });
        /* What the whole printer does: there is always a line, so that nothing moves when it starts to heat. */
        self.printerText = ko.pureComputed(() => {
            const ends = awaited().map((heater) => heater.endsAt());
            if (ends.length && !ends.includes(null)) {
                const time = TempETA.clock(Math.max(...ends));
                return _.sprintf(gettext("The printer will be ready at %(time)s."), {time: time});
            }
            const {connected, status} = self.printer();
            // While it is away, the status is that of the heaters that cool down.
            const shown = connected === false && status !== "error" ? "offline" : status;
            return shown in STATUSES ? STATUSES[shown]() : "";
        });
        self.extrapolates = ko.pureComputed(() => self.heaters().some((heater) => heater.payload().extrapolated));
    }

    OCTOPRINT_VIEWMODELS.push({
        construct: TempEtaViewModel,
        name: "tempEtaViewModel",
        dependencies: ["settingsViewModel", "loginStateViewModel", "accessViewModel"],
        elements: [
            "#navbar_plugin_temp_eta",
            "#sidebar_plugin_temp_eta_wrapper",
            "#sidebar_plugin_temp_eta_scripts_wrapper",
            TAB + "_link",
            TAB
        ]
    });
});
