/* The settings that scripts declare, as forms in the settings dialog; each value has the type of its default. */
(function () {
    "use strict";

    const TempETA = (window.TempETA = window.TempETA || {});

    /* The hint for a value that cannot be read, by kind of field. */
    const RULES = {
        number: () => gettext("Enter a number"),
        json: () => gettext("Enter a JSON value"),
        list: () => gettext('Enter a JSON list, such as [1, "a"]'),
        object: () => gettext('Enter a JSON object, such as {"a": 1}')
    };

    const kindOf = function (fallback) {
        if (fallback === null) return "json";
        if (_.isBoolean(fallback)) return "bool";
        if (_.isNumber(fallback)) return "number";
        if (_.isString(fallback)) return "text";
        return _.isArray(fallback) ? "list" : "object";
    };
    const READERS = {
        bool: (entered) => entered,
        text: (entered) => entered,
        number: function (entered) {
            const number = String(entered).trim() === "" ? NaN : Number(entered);
            if (!Number.isFinite(number)) throw new RangeError("no number");
            return number;
        },
        json: (entered) => JSON.parse(entered),
        list: (entered) => required(JSON.parse(entered), _.isArray),
        object: (entered) => required(JSON.parse(entered), _.isPlainObject)
    };
    const required = function (value, test) {
        if (!test(value)) throw new TypeError("another type");
        return value;
    };

    /* One setting; `fallback` is its default, `value` its current value. */
    TempETA.ScriptSetting = function (key, fallback, value) {
        const self = this;
        let saved = value;

        self.key = key;
        self.element = _.uniqueId("temp_eta_script_setting_");
        /* The JSON Pointer to this setting in the server's errors. */
        self.path = "/settings/" + key.replace(/~/g, "~0").replace(/\//g, "~1");
        self.kind = kindOf(fallback);
        self.isJson = self.kind in {json: 1, list: 1, object: 1};
        self.isLong = self.isJson || (self.kind === "text" && /\n/.test(fallback + value));
        self.entered = ko.observable(self.isJson ? JSON.stringify(value) : value);
        self.problem = ko.observable("");

        /* Return what was entered; undefined if it cannot be read, and show why. */
        self.read = function () {
            self.problem("");
            try {
                return READERS[self.kind](self.entered());
            } catch {
                self.problem(RULES[self.kind]());
                return undefined;
            }
        };
        self.differs = (read) => !_.isEqual(read, saved);
        self.keep = (read) => (saved = read);
    };

    /* The settings of one script. */
    TempETA.ScriptSettings = function (script, values) {
        const self = this;

        self.id = script.id;
        self.title = script.title;
        // lodash takes an object with a setting `length` for an array.
        self.settings = Object.entries(script.settings).map(
            ([key, fallback]) => new TempETA.ScriptSetting(key, fallback, values[key])
        );
        self.problem = ko.observable("");

        /* Save what was changed; if something was refused, it is shown, and the promise is rejected with the form and the
           failed request, if there was one. */
        self.save = function () {
            self.problem("");
            const read = self.settings.map((setting) => [setting, setting.read()]);
            if (read.some(([, value]) => value === undefined)) return $.Deferred().reject(self).promise();
            const changed = read.filter(([setting, value]) => setting.differs(value));
            if (!changed.length) return $.Deferred().resolve().promise();
            const settings = Object.fromEntries(changed.map(([setting, value]) => [setting.key, value]));
            return TempETA.command("save_script_settings", {id: self.id, settings: settings}).then(
                () => changed.forEach(([setting, value]) => setting.keep(value)),
                (xhr) => {
                    self.refuse(xhr);
                    return $.Deferred().reject(self, xhr).promise();
                }
            );
        };

        self.refuse = function (xhr) {
            const path = xhr.responseJSON && xhr.responseJSON.error && xhr.responseJSON.error.path;
            const place = self.settings.find((setting) => setting.path === path) || self;
            place.problem(TempETA.reason(xhr));
        };

        /* Focus the first setting that was refused. */
        self.focus = function () {
            const wrong = self.settings.find((setting) => setting.problem()) || self.settings[0];
            const field = $("#" + wrong.element).trigger("focus");
            field.closest(".control-group")[0].scrollIntoView({block: "nearest"});
        };
    };
})();
