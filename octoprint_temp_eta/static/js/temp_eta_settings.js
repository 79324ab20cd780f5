/* The view model of the settings dialog: what was refused and why, how the connection is, and the scripts' forms. */
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
        /* The scripts' settings on their way to the server: a promise. */
        let saving = $.when();

        /* The key of the setting that the server refused to save, and its reason; null where it took all. */
        self.refused = ko.observable(null);
        self.mqtt = ko.observable(null);
        self.scripts = ko.observableArray([]);
        /* The state of the script folder: `missing`, and `writable`, the files that other users may change. */
        self.scriptFolder = ko.observable({missing: false, writable: []});
        self.folderProblem = ko.observable("");

        self.onBeforeBinding = function () {
            self.own = settings.settings.plugins.temp_eta;
        };

        /* OctoPrint leaves the dialog open when saving failed, and says nothing: the answer says why. */
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
        /* OctoPrint closes the dialog once it has saved its part; ours may still be under way, or was refused. */
        self.stay = function (event) {
            const saved = event.target === event.currentTarget && settings.receiving();
            if (!saved || saving.state() === "resolved") return;
            event.preventDefault();
            saving.done(settings.hide);
        };
        /* What was saved of the others must not replace what the user is about to correct. */
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
                if (state.script_folder) self.scriptFolder(state.script_folder);
                // What the user has begun to edit stays.
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
            if (mqtt === null) return gettext("Asking how the connection is …");
            if (!mqtt.enabled) return gettext("There is no connection: no broker is set, or it is switched off.");
            if (!mqtt.connected || !mqtt.broker) return gettext("There is no connection to the broker.");
            return _.sprintf(gettext("Connected to %(host)s:%(port)d with MQTT %(protocol)s since %(time)s"), {
                ...mqtt.broker,
                time: TempETA.clock(mqtt.broker.connected_since_at)
            });
        });
        self.lastError = ko.pureComputed(() => (self.mqtt() && self.mqtt().last_error) || "");
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
