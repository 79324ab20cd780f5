/* The automation scripts in the sidebar: a card for each, the current run, and the result of the last one. */
(function () {
    "use strict";

    const TempETA = (window.TempETA = window.TempETA || {});

    /* Pixels above the end of a log at which it still follows. */
    const NEAR_END_PX = 20;

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
    /* Lines of the log that are kept. */
    const MOST_LINES = 100;
    /* ms between two updates of the shown log, at least. */
    const LOG_MS = 100;

    /* `pages` has `now` (ms, ticks), `options` (our settings), `printer`, `mayRun`, `maySettings`, and `show`. */
    TempETA.Scripts = function (pages) {
        const self = this;
        const computed = (read) => ko.pureComputed(read);

        self.list = ko.observableArray([]);
        self.runner = ko.observable({state: "idle", last: null});
        /* The log of the current or last run. */
        self.lines = ko.observableArray([]);
        /* When the run started, in ms of the browser's clock: the server's clock may differ. */
        self.startedAt = ko.observable(null);
        /* Whether a command is waiting for its reply. */
        self.pending = ko.observable(false);

        /* Show this list. What stays as it is keeps its card, and what is being typed there. */
        self.found = (scripts) =>
            self.list(scripts.map((script) => self.list().find((each) => _.isEqual(each, script)) || script));

        /* Update from the runner's state; `timestamp` is the server's clock (Unix seconds). */
        self.update = function (runner, timestamp) {
            const started = runner.started_at;
            if (runner.run_id && runner.run_id !== self.runner().run_id) self.lines([]);
            self.startedAt(started ? Date.now() - Math.max(0, 1000 * timestamp - Date.parse(started)) : null);
            pages.now(Date.now());
            self.runner(runner);
        };
        self.logged = function (line) {
            self.lines.push(TempETA.translated(line.message)); // the last one may be the plugin's own
            if (self.lines().length > MOST_LINES) self.lines.shift();
        };
        /* Not with each line: many long ones would freeze the page. One in the background waits with a single timer. */
        self.log = computed(() => self.lines().join("\n")).extend({rateLimit: LOG_MS});

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
            const took = (Date.parse(last.ended_at) - Date.parse(last.started_at)) / 1000;
            return {
                text: _.sprintf(gettext("%(script)s %(outcome)s at %(time)s"), {
                    script: last.title,
                    outcome: OUTCOMES[last.outcome](),
                    time: TempETA.clock(last.ended_at)
                }),
                took: took >= 0 ? _.sprintf(gettext("It took %(time)s."), {time: TempETA.duration(took)}) : "",
                outcome: last.outcome,
                error: TempETA.translated(last.error) || "",
                // lodash takes an object with a result `length` for an array, of any length.
                results: Object.entries(last.result || {}).map(([key, value]) => ({
                    key: key,
                    value: _.isString(value) ? value : JSON.stringify(value)
                }))
            };
        });

        /* Why no script can be started now; empty if one can. */
        self.obstacle = computed(() => {
            if (!self.isIdle()) return gettext("A script is running.");
            return pages.printer().state === READY ? "" : gettext("The printer is not ready.");
        });
        self.canStart = (script) => !self.pending() && !script.error && !self.obstacle();

        self.start = function (script) {
            const start = () => send("start_script", {id: script.id});
            if (!pages.options.script_confirm()) return start();
            const question = _.sprintf(gettext("Start %(script)s? It may heat and move the printer."), {
                script: _.escape(script.title)
            });
            return showConfirmationDialog(question, start);
        };
        self.cancel = () => send("cancel_script", {run_id: self.runner().run_id});

        const complain = (xhr) => pages.show("error", gettext("Automation scripts"), TempETA.reason(xhr));
        const send = function (command, fields) {
            self.pending(true);
            TempETA.command(command, fields)
                .fail(complain)
                .always(() => self.pending(false));
        };

        /* The form of one script's settings, while it is open: {id, form}. */
        self.form = ko.observable(null);
        self.hasSettings = (script) => pages.maySettings() && !script.error && !_.isEmpty(script.settings);
        self.isOpen = (script) => self.form() !== null && self.form().id === script.id;
        /* Who is logged in next may not see it. */
        pages.maySettings.subscribe((may) => may || self.form(null));
        self.toggleSettings = function (script) {
            if (self.isOpen(script)) return self.form(null);
            const show = function (state) {
                const values = state.script_settings || {};
                const may = pages.maySettings() && _.has(values, script.id);
                if (may) self.form(new TempETA.ScriptSettings(script, values[script.id]));
            };
            return TempETA.get().done(show).fail(complain);
        };
        self.saveSettings = function () {
            const form = self.form();
            const isShown = () => self.form() === form; // it may be closed, or another one opened, before the reply
            return form.save().then(
                () => isShown() && self.form(null),
                (_form, xhr) => (isShown() ? form.focus() : complain(xhr))
            );
        };
    };

    /* The binding of a log's text: the end stays in view, unless the user has scrolled up. */
    ko.bindingHandlers.tempEtaLog = {
        update: function (element, value) {
            const below = element.scrollHeight - element.scrollTop - element.clientHeight;
            element.textContent = ko.unwrap(value());
            if (below < NEAR_END_PX) element.scrollTop = element.scrollHeight;
        }
    };

    /* Return why a call failed. */
    TempETA.reason = function (xhr) {
        const error = xhr.responseJSON && xhr.responseJSON.error;
        const text = _.isString(error) ? error : error && TempETA.translated(error.message); // OctoPrint's own is a text
        return text || gettext("No response from server.");
    };
})();
