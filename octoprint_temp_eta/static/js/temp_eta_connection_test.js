/* The connection test: its steps as the web socket brings them. */
(function () {
    "use strict";

    const TempETA = (window.TempETA = window.TempETA || {});

    const ICONS = {
        ok: "fas fa-fw fa-check text-success",
        failed: "fas fa-fw fa-times text-error",
        skipped: "fas fa-fw fa-minus muted"
    };
    const STEPS = {
        "Name look-up": () => gettext("Name look-up"),
        Subscribe: () => gettext("Subscribe"),
        Publish: () => gettext("Publish"),
        "Read back": () => gettext("Read back"),
        Identity: () => gettext("Identity"),
        "Other publishers": () => gettext("Other publishers"),
        "Packet limit": () => gettext("Packet limit")
    };

    TempETA.ConnectionTest = function () {
        const self = this;

        /* The test as the server has it; null before the first one. */
        self.state = ko.observable(null);
        /* Why no test could be started. */
        self.problem = ko.observable("");
        self.running = ko.pureComputed(() => self.state() !== null && self.state().running);

        self.show = function (state) {
            // Since the start of OctoPrint, there was none.
            if (!state) {
                self.state(null);
                return;
            }
            // A response that was sent before the last message must not undo it.
            const progress = (test) => [test.number, test.steps.length, test.running ? 0 : 1];
            const [here, there] = [self.state() ? progress(self.state()) : [], progress(state)];
            const first = there.findIndex((value, index) => value !== here[index]);
            if (first >= 0 && !(there[first] < here[first])) self.state(state);
        };

        self.forget = function () {
            self.state(null);
            self.problem("");
        };

        /* The steps by broker. Of several, each has a name, and shows all its steps while it is tested and on request. */
        self.brokers = ko.pureComputed(() => {
            if (self.state() === null) return [];
            const {steps, problem, running} = self.state();
            const brokers = Object.entries(_.groupBy(steps, "broker"));
            const several = brokers.length > 1;
            const shown = brokers.map(([name, own], index) => {
                const problems = own.filter((step) => step.status === "failed");
                return {
                    name: several ? name : "",
                    icon: problems.length ? ICONS.failed : ICONS.ok,
                    open: running && index === brokers.length - 1,
                    problems: problems.map(described),
                    steps: own.map(described)
                };
            });
            if (!problem) return shown;
            const step = {name: "", status: "failed", icon: ICONS.failed, title: "", message: TempETA.translated(problem)};
            return [...shown, {name: "", steps: [step]}];
        });
        const described = (step) => ({
            ...step,
            icon: ICONS[step.status],
            title: (step.name in STEPS ? STEPS[step.name]() : step.name) + ":",
            message: TempETA.translated(step.message)
        });
        /* Whether a message went to the broker and back; Home Assistant may still be missing. */
        self.passed = ko.pureComputed(
            () =>
                self.state() !== null &&
                !self.running() &&
                self.state().steps.some((step) => step.name === "Read back" && step.status === "ok")
        );

        /* Test the connection with settings that need not be saved; a failure comes with the key of the setting. */
        self.start = function (entered) {
            self.problem("");
            return TempETA.command("test_connection", {settings: entered}).then(null, (xhr) => {
                const path = _.get(xhr.responseJSON, "error.path") || "";
                self.problem(TempETA.reason(xhr));
                const key = path.startsWith("/settings/") ? path.split("/")[2] : "";
                return $.Deferred().reject(key).promise();
            });
        };
    };
})();
