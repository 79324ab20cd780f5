/* The view model of sidebar, tab and navbar: which heaters there are, what each is told, and the scripts. */
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
        /* What was told of since the present state was asked for is newer: heaters by name, the rest by type. */
        let told = new Set();

        self.now = ko.observable(Date.now());
        self.heaters = ko.observableArray([]);
        self.printer = ko.observable({});
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
            self.mayForget = ko.pureComputed(
                () =>
                    self.options.allow_reset() && loginState.hasPermission(access.permissions.PLUGIN_TEMP_ETA_RESET)
            );
            self.fahrenheit = ko.pureComputed(() => {
                const choice = self.options.temp_display();
                return choice === "cf" || (choice === "octoprint" && settings.appearance_showFahrenheitAlso());
            });
            self.inTab.subscribe((shown) => {
                if (!shown && $(TAB).hasClass("active")) $("#tabs a:first").tab("show");
            });
        };

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
            // What comes before the page is ready is asked for once it is.
            if (plugin !== "temp_eta" || !alerts) return;
            const {type, heater, data} = message;
            if (type === "eta_update") {
                told.add(heater);
                if (data) self.take(heater, data);
                else self.heaters.remove((each) => each.name === heater);
            } else if (type === "printer_update") {
                told.add(type);
                self.printer(data);
            } else if (type === "scripts_update") {
                told.add(type);
                self.scripts.list(data || []);
            } else if (type === "script_update") {
                told.add(type);
                if (data) self.scripts.take(data, data.timestamp);
            } else if (type === "state_change") {
                self.changed(heater, data);
            } else if (type === "notification") {
                alerts.show(message.level, gettext(message.title), gettext(message.message));
            }
        };

        /* Ask for the present state: a page that opens late, or was away, has missed what was told. */
        self.refresh = function () {
            if (!loginState.hasPermission(access.permissions.PLUGIN_TEMP_ETA_READ)) return;
            told = new Set();
            OctoPrint.simpleApiGet("temp_eta").done((state) => {
                self.heaters.remove((heater) => !(heater.name in state.eta) && !told.has(heater.name));
                _.forOwn(state.eta, (payload, name) => {
                    if (!told.has(name)) self.take(name, payload);
                });
                if (!told.has("printer_update")) self.printer(state.printer);
                if (!told.has("scripts_update")) self.scripts.list(state.scripts);
                if (!told.has("script_update")) self.scripts.take(state.script, state.timestamp);
            });
        };

        self.take = function (name, payload) {
            let heater = self.heaters().find((each) => each.name === name);
            if (!heater) {
                heater = new TempETA.Heater(name, self);
                heater.graph = ko.pureComputed(() => self.graph(heater));
                self.heaters.push(heater);
                self.heaters.sort((one, other) => rank(one.name).localeCompare(rank(other.name)));
            }
            self.now(Date.now());
            heater.take(payload);
        };

        /* Tools come first, then the rest by name, as the server has them. */
        const rank = (name) => (name.startsWith("tool") ? "0" : "1") + name;

        self.changed = function (name, change) {
            const label = TempETA.label(name, self.severalTools());
            const celsius = change.state === "at_target" ? change.target : change.actual;
            const temperature = formatTemperature(celsius, self.fahrenheit(), undefined, true);
            alerts.changed(label, change, temperature);
            const heater = self.heaters().find((each) => each.name === name);
            // For those who listen to the page: the change, not each second of the countdown.
            if (heater && ["at_target", "cooled_down", "stalled"].includes(change.state)) {
                heater.take({...heater.payload(), state: change.state});
                self.announcement(label + ": " + heater.stateText());
            }
        };

        self.forget = function (heater) {
            const question = gettext("Forget what was learned of %(heater)s? Its estimates begin anew.");
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
        self.degrees = (celsius) => Math.round(celsius) + "°C";
        self.windowText = () => "−" + TempETA.duration(Number(self.options.historical_graph_window_seconds()));

        /* The one countdown of the navbar: the printer's, else that of the heater that cools longest. */
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
            if (!printer.ready_at) return _.sprintf(gettext("Still on their way: %(heaters)s"), {heaters: names});
            return _.sprintf(gettext("The printer will be ready at %(time)s. Still on their way: %(heaters)s"), {
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
