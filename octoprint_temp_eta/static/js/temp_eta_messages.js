/*
 * The server's messages in the language of the page. The keys of its sentences are in `TempETA.sentences`, made from the
 * Python code: a sentence gives its key and its values, and both are translated.
 */
(function () {
    "use strict";

    const TempETA = (window.TempETA = window.TempETA || {});

    /* What a message of a failed attempt starts with: the step. */
    const STEP = /^(TCP|TLS|CONNACK|WebSocket|Name look-up): (.*)$/;
    const PLACE = /%\\\((\w+)\\\)s/g;

    const patterns = _.once(() =>
        TempETA.sentences.map((key) => {
            const names = [...key.matchAll(/%\((\w+)\)s/g)].map(([, name]) => name);
            const escaped = key.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
            return {key, names, pattern: new RegExp("^" + escaped.replace(PLACE, "(.*?)") + "$")};
        })
    );

    /* What is before and after the blank in a sentence without a key, such as "times must be a number". */
    const FIELD = /^([\w.'[\]-]+) ((?:must|is) .+)$/;
    /* A list of errors begins with a field or a file, and a colon. */
    const NAMED = /^([\w.'[\]-]+): (.+)$/;

    /* The catalogue is an object, which also has keys such as "constructor". */
    const looked = function (text) {
        const found = gettext(text);
        return typeof found === "string" ? found : text;
    };

    const translatedSentence = function (sentence) {
        const stop = sentence.endsWith(".") ? "." : "";
        const text = stop ? sentence.slice(0, -1) : sentence;
        const step = STEP.exec(text);
        if (step) return gettext(step[1]) + ": " + translatedSentence(step[2]) + stop;
        for (const {key, names, pattern} of patterns()) {
            const found = pattern.exec(text);
            if (!found) continue;
            const values = names.map((name, index) => [name, translatedSentence(found[index + 1])]);
            return _.sprintf(gettext(key), Object.fromEntries(values)) + stop;
        }
        const named = NAMED.exec(text);
        if (named) return named[1] + ": " + translatedSentence(named[2]) + stop;
        const field = FIELD.exec(text);
        if (field) return field[1] + " " + translatedSentence(field[2]) + stop;
        return text ? looked(text) + stop : sentence;
    };

    /* Return a message of the server in the language of the page; a sentence without a translation is unchanged. */
    TempETA.translated = function (message) {
        if (!message || (window.LOCALE || "en").startsWith("en")) return message;
        // A sentence ends before a blank and a capital letter.
        return message
            .replace(/([.?]) (?=[A-Z'])/g, "$1\n")
            .split("\n")
            .map(translatedSentence)
            .join(" ");
    };
})();
