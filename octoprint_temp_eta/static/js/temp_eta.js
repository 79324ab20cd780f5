/* The view model of sidebar, tab and navbar: the heaters and the scripts. */
$(function () {
    "use strict";

    const TempETA = window.TempETA;
    const TICK_MS = 1000;
    const TAB = "#tab_plugin_temp_eta";

    function TempEtaViewModel(parameters) {
        const self = this;
        const [settings, loginState, access] = parameters;
        const history = new TempETA.History();
        let alerts;
        /* What the web socket brought since the last request: heaters by name, the rest by type. It is newer. */
        let received = new Set();

        self.now = ko.observable(Date.now());
        self.heaters = ko.observableArray([]);
        self.printer = ko.observable({});
        /* Problems of the installation; only users who may open the settings get them. */
        self.problems = ko.observableArray([]);
        self.announcement = ko.observable("");
        self.tabOpen = ko.observable(false);

        self.severalTools = ko.pureComputed(
            () => self.heaters().filter((heater) => heater.name.startsWith("tool")).length > 1
        );

        self.onBeforeBinding = function () {
            self.options = settings.settings.plugins.temp_eta;
            alerts = new TempETA.Alerts(self.options);
            self.show = alerts.show;
            const shows = (key) => ko.pureComputed(() => self.options.enabled() && self.options[key]());
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
        };

        /* The first link in the tab bar may be that of its menu, which is not a tab. */
        const openAnotherTab = function () {
            const links = $("#tabs a[data-toggle='tab']").toArray();
            const isShown = (link) => $(link).parent().css("display") !== "none";
            $(links.find((link) => link.hash !== TAB && isShown(link))).tab("show");
        };

        self.mayRead = ko.pureComputed(() => loginState.hasPermission(access.permissions.PLUGIN_TEMP_ETA_READ));
        self.mayRun = ko.pureComputed(() => loginState.hasPermission(access.permissions.PLUGIN_TEMP_ETA_RUN));
        self.scripts = new TempETA.Scripts(self);

        self.onStartupComplete = function () {
            self.refresh();
            window.setInterval(() => {
                if (!document.hidden) self.now(Date.now());
            }, TICK_MS);
        };
        self.onDataUpdaterReconnect = self.onUserPermissionsChanged = () => self.refresh();

        self.onTabChange = (current) => self.tabOpen(current === TAB);

        self.fromHistoryData = (data) => history.replace(data);
        self.fromCurrentData = (data) => history.add(data);

        self.onDataUpdaterPluginMessage = function (plugin, message) {
            // Messages before the page is ready: it requests the current state once it is.
            if (plugin !== "temp_eta" || !alerts) return;
            const {type, heater, data} = message;
            if (type === "eta_update") {
                received.add(heater);
                if (data) self.update(heater, data);
                else self.heaters.remove((each) => each.name === heater);
            } else if (type === "printer_update") {
                received.add(type);
                self.printer(data);
            } else if (type === "problems_update") {
                received.add(type);
                self.problems(data);
            } else if (type === "scripts_update") {
                received.add(type);
                self.scripts.list(data || []);
            } else if (type === "script_update") {
                received.add(type);
                if (data) self.scripts.update(data, data.timestamp);
            } else if (type === "state_change") {
                self.changed(heater, data);
            } else if (type === "notification" && message.refused_line) {
                /* Shown whatever the settings: without it a button would just do nothing. */
                const text = gettext("The printer was not moved (%(line)s): this script controls it. Wait for its end, or cancel it.");
                alerts.show(message.level, message.title, _.sprintf(text, {line: message.refused_line}));
            } else if (type === "notification") {
                if (self.options.notification_enabled()) {
                    alerts.show(message.level, gettext(message.title), gettext(message.message));
                }
            }
        };

        /* Request the current state: a page that has just opened, or was disconnected, has missed messages. */
        self.refresh = function () {
            if (!self.mayRead()) return;
            received = new Set();
            OctoPrint.simpleApiGet("temp_eta").done((state) => {
                self.heaters.remove((heater) => !(heater.name in state.eta) && !received.has(heater.name));
                _.forOwn(state.eta, (payload, name) => {
                    if (!received.has(name)) self.update(name, payload);
                });
                if (!received.has("problems_update")) self.problems(state.problems || []);
                if (!received.has("printer_update")) self.printer(state.printer);
                if (!received.has("scripts_update")) self.scripts.list(state.scripts);
                if (!received.has("script_update")) self.scripts.update(state.script, state.timestamp);
            });
        };

        self.update = function (name, payload) {
            let heater = self.heaters().find((each) => each.name === name);
            if (!heater) {
                heater = new TempETA.Heater(name, self);
                heater.graph = ko.pureComputed(() => self.graph(heater));
                self.heaters.push(heater);
                self.heaters.sort((one, other) => rank(one.name).localeCompare(rank(other.name)));
            }
            self.now(Date.now());
            heater.update(payload);
        };

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
            showConfirmationDialog(_.sprintf(question, {heater: _.escape(heater.label())}), () => {
                OctoPrint.simpleApiCommand("temp_eta", "reset", {heater: heater.name, learned: true}).fail((xhr) => {
                    const error = (xhr.responseJSON || {}).error || {};
                    alerts.show("error", gettext("Temperature ETA"), error.message || xhr.statusText);
                });
            });
        };

        self.graph = function (heater) {
            const windowMs = 1000 * (Number(self.options.historical_graph_window_seconds()) || 180);
            const now = self.now();
            const goal =
                heater.goal() && heater.endsAt() !== null ? {celsius: heater.goal(), at: heater.endsAt()} : null;
            return TempETA.graph(history.of(heater.name, now - windowMs), now, windowMs, goal);
        };
        self.openTab = () => $("#tabs a[href='" + TAB + "']").tab("show");
        self.degrees = (celsius) =>
            Math.round(celsius) + "°C" + (self.fahrenheit() ? " " + Math.round(celsius * 1.8 + 32) + "°F" : "");
        self.windowText = () => "−" + TempETA.duration(Number(self.options.historical_graph_window_seconds()));

        /* The countdown in the navbar: the longest heat-up, else the longest cool-down. */
        self.longest = ko.pureComputed(() => {
            const counting = self.heaters().filter((heater) => heater.remaining() !== null);
            const bound = counting.filter((heater) => !heater.cools());
            const byTime = (one, other) => other.remaining() - one.remaining();
            return (bound.length ? bound : counting).sort(byTime)[0];
        });
        self.summary = ko.pureComputed(() =>
            self
                .heaters()
                .map((heater) => [heater.label() + ":", heater.stateText(), heater.countdown()].join(" ").trim())
                .join("\n")
        );
        self.printerText = ko.pureComputed(() => {
            const printer = self.printer();
            if (printer.connected === false) return gettext("The printer is not connected.");
            const waiting = printer.waiting_for || [];
            if (!waiting.length) return "";
            const names = waiting.map((name) => TempETA.label(name, self.severalTools())).join(", ");
            if (!printer.ready_at) return _.sprintf(gettext("Waiting for %(heaters)s"), {heaters: names});
            return _.sprintf(gettext("The printer will be ready at %(time)s. Waiting for %(heaters)s"), {
                time: TempETA.clock(printer.ready_at),
                heaters: names
            });
        });
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
