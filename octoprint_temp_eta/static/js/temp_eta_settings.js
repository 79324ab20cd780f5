/* The view model of the settings dialog: refused values, settings without effect, the connection, the scripts' forms. */
$(function () {
    "use strict";

    const TempETA = window.TempETA;
    const PAGE = "#settings_plugin_temp_eta";
    const DIALOG = "#settings_dialog";
    const NO_FOLDER = {missing: false, writable: [], error: null};

    function TempEtaSettingsViewModel(parameters) {
        const self = this;
        const [settings, loginState, access] = parameters;
        /* A promise: the scripts' settings are being saved. */
        let saving = $.when();

        /* The server's reply when it refused a setting (key, rule, …), else null. */
        self.refused = ko.observable(null);
        self.now = ko.observable(Date.now());
        self.connection = new TempETA.Connection(self.now);
        /* What the listed topics have: parts of the server's state, and the heaters' states by name. */
        self.live = ko.observable(null);
        self.scripts = ko.observableArray([]);
        /* Problems of the installation, as sentences of the server. */
        self.problems = ko.observableArray([]);
        /* The state of the script folder: `missing`, and `writable`, the files that other users may change. */
        self.scriptFolder = ko.observable(NO_FOLDER);
        self.folderProblem = ko.observable("");

        self.onBeforeBinding = function () {
            self.own = settings.settings.plugins.temp_eta;
            self.alerts = new TempETA.Alerts(self.own);
        };

        /* OctoPrint leaves the dialog open when saving fails, without a message: show the reason at the field. */
        self.onStartup = function () {
            $(document).ajaxError((event, xhr, request) => {
                const body = xhr.responseJSON;
                const ours = xhr.status === 400 && /api\/settings(\?|$)/.test(request.url) && body && body.rule;
                if (ours && body.key in self.own) self.refuse(body);
            });
            $(DIALOG).on("hide", self.stay);
        };

        self.refuse = function (body) {
            self.refused(body);
            settings.selectTab(PAGE);
            const field = $("#temp_eta_setting_" + body.key);
            open(field.closest(".tab-pane"));
            field.trigger("focus");
            // With the reason below the field.
            field.closest(".control-group")[0].scrollIntoView({block: "nearest"});
        };
        const open = (group) => $(PAGE + ' a[href="#' + group.attr("id") + '"]').tab("show");
        self.refusal = ko.pureComputed(() => (self.refused() ? TempETA.translated(self.refused().rule) : ""));
        self.isRefused = (key) => self.refused() !== null && self.refused().key === key;

        self.onSettingsBeforeSave = function () {
            self.refused(null);
            saving = $.when(...self.scripts().map((script) => script.save()));
            saving.fail((script) => {
                settings.selectTab(PAGE);
                open($(PAGE + " [data-group=Scripts]"));
                script.focus();
            });
        };
        /* OctoPrint closes the dialog when its own request is done; ours may still be pending, or was refused. */
        self.stay = function (event) {
            const saved = event.target === event.currentTarget && settings.receiving();
            if (!saved || saving.state() === "resolved") return;
            event.preventDefault();
            const mine = saving;
            saving.done(() => mine === saving && settings.hide());
        };
        /* A refresh must not replace what the user is about to correct. */
        self.onSettingsPreventRefresh = () => self.refused() !== null;

        self.onSettingsShown = function () {
            self.refused(null);
            self.removal("");
            self.leftovers.forget();
            self.scripts([]);
            self.shown = true;
            self.look();
            ticking = window.setInterval(() => self.now(Date.now()), 1000);
        };
        self.onSettingsHidden = function () {
            saving = $.when(); // what is still pending does not close the dialog when it is open again
            window.clearInterval(ticking);
            self.shown = false;
            self.refused(null);
            server.stop();
        };
        let ticking;
        self.maySettings = ko.pureComputed(() => loginState.hasPermission(access.permissions.SETTINGS));
        const isOpen = () => self.shown && self.maySettings();
        /* Who is logged in next may not see it. */
        self.maySettings.subscribe((may) => (may ? self.look() : forget()));
        const forget = function () {
            server.stop();
            self.refused(null);
            self.connection.mqtt(null);
            self.live(null);
            self.problems([]);
            self.test.forget();
            self.scripts([]);
            self.scriptsFound(true);
            self.scriptFolder(NO_FOLDER);
            self.folderProblem("");
            self.removal("");
            self.leftovers.forget();
        };
        /* The messages since the pending request was sent: they are newer than its reply. */
        let newer = [];
        /* Pushed changes are shown while the dialog is open; it requests the current state when it opens. */
        self.onDataUpdaterPluginMessage = function (plugin, message) {
            if (plugin !== "temp_eta" || !isOpen()) return;
            if (server.isPending()) newer.push(message);
            handle(message);
        };
        const handle = function ({type, data, heater}) {
            follow(type, data, heater);
            if (type === "connection_test") self.test.show(data);
            else if (type === "connection_update") self.connection.mqtt(data);
            else if (type === "problems_update") self.problems(data);
            else if (type === "leftovers_update") self.leftovers.show(data);
            else if (type === "script_folder_update") self.scriptFolder(data);
            else if (type === "scripts_update") self.look();
        };
        self.onDataUpdaterReconnect = function () {
            if (!self.shown) return;
            if (self.leftovers.searching()) self.leftovers.forget();
            self.look();
        };
        self.look = () => server.request();
        const server = new TempETA.State({
            wanted: isOpen,
            before: () => (newer = []),
            show: function (state) {
                self.connection.mqtt(state.mqtt);
                self.problems(state.problems || []);
                self.test.show(state.connection_test);
                self.live(_.pick(state, ["mqtt", "printer", "script", "eta"]));
                self.scriptsFound(state.scripts.length > 0);
                if (state.script_folder) self.scriptFolder(state.script_folder);
                // Keep what the user is editing.
                if (!self.scripts().length) self.scripts(forms(state));
                newer.forEach(handle);
            }
        });
        self.unanswered = server.failed;
        const forms = function (state) {
            const values = state.script_settings || {};
            const declaring = state.scripts.filter((script) => !script.error && _.has(values, script.id));
            return declaring.map((script) => new TempETA.ScriptSettings(script, values[script.id]));
        };

        const LIVE = {connection_update: "mqtt", printer_update: "printer", script_update: "script"};
        const follow = function (type, data, heater) {
            const live = self.live();
            if (live === null || !data) return;
            if (type in LIVE) self.live({...live, [LIVE[type]]: data});
            else if (type === "eta_update") self.live({...live, eta: {...live.eta, [heater]: data}});
        };
        /* The topics to copy, with their current values. */
        self.topics = ko.pureComputed(() => {
            const live = self.live();
            if (live === null) return [];
            const base = live.mqtt.base_topic;
            const heaters = Object.entries(live.eta).map(([name, eta]) => ({topic: base + "/" + name + "/eta", value: eta.state}));
            return [
                {topic: base + "/status", value: live.mqtt.connected ? "online" : "offline"},
                {topic: base + "/printer", value: live.printer.status},
                ...heaters,
                {topic: base + "/script", value: live.script.state},
                {topic: base + "/command/#", value: ""}
            ];
        });
        self.copy = ({topic}) => copyToClipboard(topic);

        /* Why a setting has no effect now; empty if it has one. */
        const needs = {};
        self.why = function (key) {
            if (!(key in needs)) needs[key] = TempETA.needs(key, self.own);
            return needs[key]();
        };
        self.restoreDefaults = function (model, event) {
            const defaults = $(event.currentTarget).closest("form").data("defaults");
            _.forOwn(defaults, (value, key) => self.own[key](value));
        };

        self.removal = ko.observable("");
        self.removeFromHomeAssistant = () =>
            TempETA.command("remove_from_home_assistant").then(
                () => {
                    self.own.ha_discovery_enabled(false);
                    self.removal(gettext("The printer is removed from Home Assistant."));
                },
                (xhr) => self.removal(TempETA.reason(xhr))
            );

        self.leftovers = new TempETA.Leftovers();

        /* The settings of the plugin OctoPrint-MQTT, if it is installed. */
        self.mqttPlugin = ko.pureComputed(() => {
            const broker = settings.settings.plugins.mqtt && settings.settings.plugins.mqtt.broker;
            return broker && broker.url && broker.url() ? broker : null;
        });
        self.takeOver = function () {
            _.forOwn(TempETA.fromMqttPlugin(ko.mapping.toJS(self.mqttPlugin())), (value, key) => self.own[key](value));
        };

        self.scriptsFound = ko.observable(true);
        self.copyExample = () => createFolder({example: true});
        self.unreadable = ko.pureComputed(() => TempETA.translated(self.scriptFolder().error || ""));
        self.writableFiles = ko.pureComputed(() => self.scriptFolder().writable.join(", ").replace(/^\.(?=,|$)/, self.scriptFolder().path));
        self.createFolder = () => createFolder({});
        const createFolder = function (fields) {
            self.folderProblem("");
            TempETA.command("create_script_folder", fields).then(self.look, (xhr) =>
                self.folderProblem(TempETA.reason(xhr))
            );
        };

        self.mayTest = ko.pureComputed(() => loginState.hasPermission(access.permissions.PLUGIN_TEMP_ETA_ADMINISTER));
        self.test = new TempETA.ConnectionTest();
        self.testConnection = function () {
            self.refused(null);
            const entered = _.omit(ko.mapping.toJS(self.own), ["mqtt_password"]);
            if (self.own.mqtt_password && self.own.mqtt_password()) entered.mqtt_password = self.own.mqtt_password();
            self.test.start(entered).then(self.look, (key) => key && self.refuse({key: key}));
        };
    }

    OCTOPRINT_VIEWMODELS.push({
        construct: TempEtaSettingsViewModel,
        name: "tempEtaSettingsViewModel",
        dependencies: ["settingsViewModel", "loginStateViewModel", "accessViewModel"],
        elements: [PAGE]
    });
});
