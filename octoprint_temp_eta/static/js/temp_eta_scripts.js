/* The automation scripts in the sidebar: a button for each, the current run, and the result of the last one. */
(function () {
    "use strict";

    const TempETA = (window.TempETA = window.TempETA || {});

    const STATES = {
        starting: () => gettext("Starting …"),
        running: () => gettext("Running"),
        cancelling: () => gettext("Cancelling …")
    };
    const OUTCOMES = {
        finished: () => gettext("finished"),
        failed: () => gettext("failed"),
        error: () => gettext("failed with an error"),
        cancelled: () => gettext("was cancelled")
    };
    /* The printer state (OctoPrint's id) in which a script can start. */
    const READY = "OPERATIONAL";

    /* `pages` has `now` (ms, ticks), `options` (our settings), `printer`, `mayRun`, and `show` for notices. */
    TempETA.Scripts = function (pages) {
        const self = this;
        const computed = (read) => ko.pureComputed(read);

        self.list = ko.observableArray([]);
        self.runner = ko.observable({state: "idle", last: null});
        /* When the run started, in ms of the browser's clock: the server's clock may differ. */
        self.startedAt = ko.observable(null);
        /* Whether a command is waiting for its reply. */
        self.pending = ko.observable(false);

        /* Update from the runner's state; `timestamp` is the server's clock (Unix seconds). */
        self.update = function (runner, timestamp) {
            const started = runner.started_at;
            self.startedAt(started ? Date.now() - Math.max(0, 1000 * timestamp - Date.parse(started)) : null);
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
            self.startedAt() === null ? "" : TempETA.duration((pages.now() - self.startedAt()) / 1000)
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

        /* Why a script cannot be started now; empty if it can. */
        self.obstacle = function (script) {
            if (script.error) return script.error;
            if (!self.isIdle()) return gettext("A script is running.");
            return pages.printer().state === READY ? "" : gettext("The printer is not ready.");
        };
        self.canStart = (script) => !self.pending() && !self.obstacle(script);

        self.start = (script) => send("start_script", {id: script.id});
        self.cancel = () => send("cancel_script", {run_id: self.runner().run_id});

        const send = function (command, fields) {
            self.pending(true);
            OctoPrint.simpleApiCommand("temp_eta", command, fields)
                .fail((xhr) => pages.show("error", gettext("Automation scripts"), TempETA.reason(xhr)))
                .always(() => self.pending(false));
        };
    };

    /* Return why a call failed. */
    TempETA.reason = function (xhr) {
        const error = xhr.responseJSON && xhr.responseJSON.error;
        return (error && error.message) || gettext("No response from server.");
    };
})();
