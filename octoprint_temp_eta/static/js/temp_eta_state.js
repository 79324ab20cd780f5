/* Requests to the server; its state is requested again while it does not answer. */
(function () {
    "use strict";

    const TempETA = (window.TempETA = window.TempETA || {});

    /* ms until the next request after one that failed; the last pause repeats. */
    const PAUSES_MS = [2000, 5000, 10000];
    const FORBIDDEN = 403;

    /* ms until the server is given up: it replies to each request within 5 s. */
    const TIMEOUT_MS = 15000;
    TempETA.get = () => OctoPrint.simpleApiGet("temp_eta", {timeout: TIMEOUT_MS});
    TempETA.command = (name, fields) => OctoPrint.simpleApiCommand("temp_eta", name, fields, {timeout: TIMEOUT_MS});

    /* `wanted` returns whether the state is still of use, `before` is called before each request, `show` gets the state. */
    TempETA.State = function ({wanted, show, before = _.noop}) {
        const self = this;
        /* The request whose reply is awaited: a newer one replaces it. */
        let pending = null;
        let timer;

        /* Whether the server has not answered, and will be asked again. */
        self.failed = ko.observable(false);
        self.isPending = () => pending !== null;

        self.request = () => ask(0);
        self.stop = function () {
            window.clearTimeout(timer);
            pending = null;
            self.failed(false);
        };

        const ask = function (failures) {
            window.clearTimeout(timer);
            if (!wanted()) return self.stop();
            before();
            const request = (pending = TempETA.get());
            request.done((state) => pending === request && answered(state));
            request.fail((xhr) => pending === request && refused(xhr, failures));
        };
        const answered = function (state) {
            self.stop();
            if (wanted()) show(state); // who asked may have logged out since
        };
        /* Who may not read is not refused another time: a change of the permissions requests the state again. */
        const refused = function (xhr, failures) {
            if (xhr.status === FORBIDDEN || !wanted()) return self.stop();
            pending = null;
            self.failed(true);
            timer = window.setTimeout(() => ask(failures + 1), PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)]);
        };
    };
})();
