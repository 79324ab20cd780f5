/* The view model of the settings dialog: refused values, the connection's state, and the scripts' forms. */
$(function () {
    "use strict";

    const TempETA = window.TempETA;
    const POLL_MS = 2000;
    const PAGE = "#settings_plugin_temp_eta";
    const DIALOG = "#settings_dialog";

    function TempEtaSettingsViewModel(parameters) {
        const self = this;
        const [settings, loginState, access] = parameters;
        let polling;
        /* A promise: the scripts' settings are being saved. */
        let saving = $.when();

        /* The server's reply when it refused a setting (key, rule, …), else null. */
        self.refused = ko.observable(null);
        self.mqtt = ko.observable(null);
        self.scripts = ko.observableArray([]);
        /* Problems of the installation, as sentences of the server. */
        self.problems = ko.observableArray([]);
        /* The state of the script folder: `missing`, and `writable`, the files that other users may change. */
        self.scriptFolder = ko.observable({missing: false, writable: []});
        self.folderProblem = ko.observable("");

        self.onBeforeBinding = function () {
            self.own = settings.settings.plugins.temp_eta;
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
        };
        const open = (group) => $(PAGE + ' a[href="#' + group.attr("id") + '"]').tab("show");
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
            saving.done(settings.hide);
        };
        /* A refresh must not replace what the user is about to correct. */
        self.onSettingsPreventRefresh = () => self.refused() !== null;

        self.onSettingsShown = function () {
            self.refused(null);
            self.scripts([]);
            self.look();
            polling = window.setInterval(self.look, POLL_MS);
        };
        self.onSettingsHidden = function () {
            window.clearInterval(polling);
            self.refused(null);
        };
        self.look = () =>
            OctoPrint.simpleApiGet("temp_eta").done((state) => {
                self.mqtt(state.mqtt);
                self.problems(state.problems || []);
                if (state.connection_test) self.showTest(state.connection_test);
                if (state.script_folder) self.scriptFolder(state.script_folder);
                // Keep what the user is editing.
                if (!self.scripts().length) self.scripts(forms(state));
            });
        const forms = function (state) {
            const values = state.script_settings || {};
            const declaring = state.scripts.filter((script) => !script.error && script.id in values);
            return declaring.map((script) => new TempETA.ScriptSettings(script, values[script.id]));
        };

        self.writableFiles = ko.pureComputed(() => self.scriptFolder().writable.join(", ").replace(/^\.(?=,|$)/, self.scriptFolder().path));
        self.createFolder = function () {
            self.folderProblem("");
            OctoPrint.simpleApiCommand("temp_eta", "create_script_folder").then(self.look, (xhr) =>
                self.folderProblem(TempETA.reason(xhr))
            );
        };

        /* The connection test: its state as REST and the web socket have it. */
        self.test = ko.observable(null);
        self.testProblem = ko.observable("");
        self.showTest = function (state) {
            // A response that was sent before the last message must not undo it.
            const progress = (test) => [test.number, test.steps.length, test.running ? 0 : 1];
            const [here, there] = [self.test(), state].map((test) => (test ? progress(test) : []));
            const first = there.findIndex((value, index) => value !== here[index]);
            if (first >= 0 && !(there[first] < here[first])) self.test(state);
        };
        self.onDataUpdaterPluginMessage = function (plugin, message) {
            if (plugin === "temp_eta" && message.type === "connection_test") self.showTest(message.data);
        };
        self.mayTest = ko.pureComputed(() => loginState.hasPermission(access.permissions.PLUGIN_TEMP_ETA_ADMINISTER));
        self.testing = ko.pureComputed(() => self.test() !== null && self.test().running);
        const ICONS = {ok: "fas fa-check text-success", failed: "fas fa-times text-error", skipped: "fas fa-minus muted"};
        const STEPS = {
            "Name look-up": gettext("Name look-up"),
            Subscribe: gettext("Subscribe"),
            Publish: gettext("Publish"),
            "Read back": gettext("Read back"),
            Identity: gettext("Identity"),
            "Other publishers": gettext("Other publishers"),
            "Packet limit": gettext("Packet limit")
        };
        self.testSteps = ko.pureComputed(() => {
            if (self.test() === null) return [];
            const {steps, problem} = self.test();
            const several = new Set(steps.map((step) => step.broker)).size > 1;
            const shown = steps.map((step) => ({
                ...step,
                icon: ICONS[step.status],
                title: (several ? step.broker + " – " : "") + (STEPS[step.name] || step.name) + ":"
            }));
            if (!problem) return shown;
            return [...shown, {name: "", status: "failed", icon: ICONS.failed, title: "", message: problem}];
        });
        self.testConnection = function () {
            self.testProblem("");
            self.refused(null);
            const entered = _.omit(ko.mapping.toJS(self.own), ["mqtt_password"]);
            if (self.own.mqtt_password && self.own.mqtt_password()) entered.mqtt_password = self.own.mqtt_password();
            OctoPrint.simpleApiCommand("temp_eta", "test_connection", {settings: entered}).then(self.look, (xhr) => {
                const path = _.get(xhr.responseJSON, "error.path") || "";
                if (path.startsWith("/settings/")) self.refuse({key: path.split("/")[2]});
                self.testProblem(TempETA.reason(xhr));
            });
        };
        self.warnings = ko.pureComputed(() => (self.mqtt() && self.mqtt().warnings) || []);

        self.connected = ko.pureComputed(() => self.mqtt() !== null && self.mqtt().connected);
        self.failing = ko.pureComputed(() => self.mqtt() !== null && self.mqtt().enabled && !self.mqtt().connected);
        self.connectionText = ko.pureComputed(() => {
            const mqtt = self.mqtt();
            if (mqtt === null) return gettext("Checking connection …");
            if (!mqtt.enabled) return gettext("Not connected: no broker set, or MQTT is off.");
            if (!mqtt.connected || !mqtt.broker) return gettext("Not connected to the broker.");
            return _.sprintf(gettext("Connected to %(host)s:%(port)d with MQTT %(protocol)s since %(time)s"), {
                ...mqtt.broker,
                time: TempETA.clock(mqtt.broker.connected_since_at)
            });
        });
        self.lastError = ko.pureComputed(() => (self.failing() && self.mqtt().last_error) || "");
        self.baseTopic = ko.pureComputed(() => (self.mqtt() && self.mqtt().base_topic) || "");

        const alerts = () => new TempETA.Alerts(self.own);
        self.tryHeatingSound = () => alerts().play("heating_complete.mp3");
        self.tryCoolingSound = () => alerts().play("cooldown_complete.mp3");
    }

    OCTOPRINT_VIEWMODELS.push({
        construct: TempEtaSettingsViewModel,
        name: "tempEtaSettingsViewModel",
        dependencies: ["settingsViewModel", "loginStateViewModel", "accessViewModel"],
        elements: [PAGE]
    });
});
