/* The automation scripts in the sidebar: a button for each, the run under way, and how the one before ended. */
(function () {
    "use strict";

    const TempETA = (window.TempETA = window.TempETA || {});

    const STATES = {
        starting: () => gettext("Starts …"),
        running: () => gettext("Runs"),
        cancelling: () => gettext("Is being cancelled …")
    };
    const OUTCOMES = {
        finished: () => gettext("finished"),
        failed: () => gettext("reported no success"),
        error: () => gettext("ended with an error"),
        cancelled: () => gettext("was cancelled")
    };
    /* OctoPrint's id of the state in which the printer takes a script. */
    const READY = "OPERATIONAL";

    /* `pages` has `now` (ms, ticks), `options` (our settings), `printer`, `mayRun`, and `show` for notices. */
    TempETA.Scripts = function (pages) {
        const self = this;
        const computed = (read) => ko.pureComputed(read);

        self.list = ko.observableArray([]);
        self.runner = ko.observable({state: "idle", last: null});
        /* When (ms of the browser's clock) the run began: the server's clock may differ. */
        self.beganAt = ko.observable(null);
        /* Whether a command is under way. */
        self.asking = ko.observable(false);

        /* Take what the runner does; `timestamp` is the server's clock (Unix seconds) then. */
        self.take = function (runner, timestamp) {
            const began = runner.started_at;
            self.beganAt(began ? Date.now() - Math.max(0, 1000 * timestamp - Date.parse(began)) : null);
            pages.now(Date.now());
            self.runner(runner);
        };

        self.shown = computed(() => pages.options.show_scripts() && self.list().length > 0);
        self.mayStart = computed(() => pages.options.allow_script_start() && pages.mayRun());
        self.mayCancel = computed(() => pages.options.allow_script_cancel() && pages.mayRun());

        self.isIdle = computed(() => self.runner().state === "idle");
        /* Whether others may not move the printer now. */
        self.hasPrinter = computed(() => !self.isIdle() && !pages.options.script_allow_motion());
        self.isCancelling = computed(() => self.runner().state === "cancelling");
        self.stateText = computed(() => {
            const {state, status} = self.runner();
            if (self.isIdle()) return "";
            return (state === "running" && status) || STATES[state]();
        });
        self.elapsed = computed(() =>
            self.beganAt() === null ? "" : TempETA.duration((pages.now() - self.beganAt()) / 1000)
        );

        self.last = computed(() => {
            const last = self.runner().last;
            if (!last) return null;
            return {
                text: _.sprintf(gettext("%(script)s %(outcome)s at %(time)s"), {
                    script: last.title,
                    outcome: OUTCOMES[last.outcome](),
                    time: TempETA.clock(last.ended_at)
                }),
                outcome: last.outcome,
                error: last.error || "",
                results: _.map(last.result || {}, (value, key) => ({
                    key: key,
                    value: _.isString(value) ? value : JSON.stringify(value)
                }))
            };
        });

        /* Why a script cannot be started now; empty: it can. */
        self.obstacle = function (script) {
            if (script.error) return script.error;
            if (!self.isIdle()) return gettext("A script is running.");
            return pages.printer().state === READY ? "" : gettext("The printer is not ready.");
        };
        self.canStart = (script) => !self.asking() && !self.obstacle(script);

        self.start = (script) => ask("start_script", {id: script.id});
        self.cancel = () => ask("cancel_script", {run_id: self.runner().run_id});

        const ask = function (command, fields) {
            self.asking(true);
            OctoPrint.simpleApiCommand("temp_eta", command, fields)
                .fail((xhr) => pages.show("error", gettext("Automation scripts"), TempETA.reason(xhr)))
                .always(() => self.asking(false));
        };
    };

    /* Return why the server refused a call. */
    TempETA.reason = function (xhr) {
        const error = xhr.responseJSON && xhr.responseJSON.error;
        return (error && error.message) || gettext("The server does not answer.");
    };
})();
