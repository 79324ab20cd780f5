/* The server's messages in the language of the page. */
(function () {
    "use strict";

    const TempETA = (window.TempETA = window.TempETA || {});

    /* Return a message of the server in the language of the page, unchanged if it has no translation. */
    TempETA.translated = function (message) {
        return message ? gettext(message) : message;
    };
})();
