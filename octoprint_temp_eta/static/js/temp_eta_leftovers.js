/* What other plugins have left on the broker for this printer. */
(function () {
    "use strict";

    const TempETA = (window.TempETA = window.TempETA || {});

    TempETA.Leftovers = function () {
        const self = this;

        self.searching = ko.observable(false);
        /* A sentence about the last search. */
        self.text = ko.observable("");
        /* The topics that can be removed. */
        self.topics = ko.observableArray([]);

        const start = (command) => () =>
            TempETA.command(command).fail((xhr) => self.text(TempETA.reason(xhr)));
        self.find = start("find_leftovers");
        self.remove = start("remove_leftovers");

        self.forget = function () {
            self.searching(false);
            self.text("");
            self.topics([]);
        };
        /* Show the state of a search as the server reports it. */
        self.show = function ({searching, found, removed, problem}) {
            self.searching(searching);
            self.topics(removed ? [] : _.map(found, "topic"));
            self.text(searching ? gettext("Searching …") : problem || result(found, removed));
        };
        const result = function (found, removed) {
            if (!found.length) return gettext("Nothing was found.");
            const values = {count: found.length, plugins: _.uniq(_.map(found, "plugin")).join(", ")};
            if (removed) return _.sprintf(gettext("%(plugins)s: %(count)d removed"), values);
            return _.sprintf(gettext("%(plugins)s: %(count)d found"), values);
        };
    };
})();
