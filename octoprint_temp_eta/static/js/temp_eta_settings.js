/* The view model of the settings dialog: refused values, the connection's state, and the scripts' forms. */
$(function () {
    "use strict";

    const TempETA = window.TempETA;
    const POLL_MS = 2000;
    const PAGE = "#settings_plugin_temp_eta";
    const DIALOG = "#settings_dialog";

    function TempEtaSettingsViewModel(parameters) {
        const self = this;
        const settings = parameters[0];
        let polling;
        /* A promise: the scripts' settings are being saved. */
        let saving = $.when();

        /* The server's answer when it refused a setting (key, rule, …), else null. */
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
        dependencies: ["settingsViewModel"],
        elements: [PAGE]
    });
});
