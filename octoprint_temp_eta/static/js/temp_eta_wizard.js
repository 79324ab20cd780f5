/* The wizard at the first use: finds brokers on the network, tests the connection, and saves the settings. */
$(function () {
    "use strict";

    const TempETA = window.TempETA;
    const PAGE = "#wizard_plugin_temp_eta";

    function TempEtaWizardViewModel() {
        const self = this;
        let shown = false;

        self.searching = ko.observable(false);
        /* Whether a search has ended. */
        self.searched = ko.observable(false);
        self.found = ko.observableArray([]);
        self.host = ko.observable("");
        self.port = ko.observable(1883);
        self.tls = ko.observable(false);
        self.username = ko.observable("");
        self.password = ko.observable("");
        self.test = new TempETA.ConnectionTest();

        self.onWizardShow = function () {
            shown = true;
            self.search();
        };
        self.search = function () {
            self.found([]);
            self.searched(false);
            self.searching(true);
            TempETA.command("find_brokers").fail(() => self.searching(false));
        };
        /* What was going on has ended if OctoPrint has restarted, and its messages are lost if only the connection has. */
        self.onDataUpdaterReconnect = function () {
            if (!shown) return;
            self.searching(false);
            server.request();
        };
        const server = new TempETA.State({wanted: () => shown, show: (state) => self.test.show(state.connection_test)});
        self.onDataUpdaterPluginMessage = function (plugin, {type, data}) {
            if (plugin !== "temp_eta" || !shown) return;
            if (type === "connection_test") self.test.show(data);
            if (type !== "brokers_update") return;
            self.searching(data.searching);
            if (!data.searching) self.searched(true);
            self.found(data.found);
        };
        self.describe = ({name, kind, host}) =>
            kind === "broker"
                ? name + " (" + host + ")"
                : _.sprintf(gettext("The broker of Home Assistant “%(name)s” (%(host)s)"), {name: name, host: host});
        self.choose = function ({host, port, tls}) {
            self.host(host);
            self.port(port);
            self.tls(tls);
        };

        const entered = function () {
            const settings = {
                mqtt_enabled: true,
                mqtt_broker_host: self.host().trim(),
                mqtt_broker_port: Number(self.port()),
                mqtt_use_tls: self.tls(),
                mqtt_username: self.username()
            };
            return self.password() ? {...settings, mqtt_password: self.password()} : settings;
        };
        self.start = () => self.test.start(entered());

        const reason = function (xhr) {
            const {key, rule} = xhr.responseJSON || {};
            if (!rule) return TempETA.reason(xhr);
            const label = $("label[for=temp_eta_wizard_" + key.replace(/^mqtt_(broker_)?/, "") + "]").text();
            return (label || key) + " " + TempETA.translated(rule);
        };
        let saved = "";
        /* The wizard stays until the settings are saved. Without a host they stay as they are, and it does not come back. */
        self.onBeforeWizardFinish = function () {
            const values = entered();
            if (saved === JSON.stringify(values) || !self.host().trim()) return true;
            self.test.problem("");
            OctoPrint.settings.savePluginSettings("temp_eta", values).then(
                () => {
                    saved = JSON.stringify(values);
                    $("#wizard_dialog .button-finish").trigger("click");
                },
                (xhr) => {
                    $(PAGE + "_link a").tab("show");
                    self.test.problem(reason(xhr));
                }
            );
            return false;
        };
        self.onWizardFinish = function () {
            shown = false;
        };
    }

    OCTOPRINT_VIEWMODELS.push({
        construct: TempEtaWizardViewModel,
        name: "tempEtaWizardViewModel",
        dependencies: [],
        elements: [PAGE]
    });
});
