/* The server's messages in the language of the page: their sentences are the keys of the translation. */
(function () {
    "use strict";

    const TempETA = (window.TempETA = window.TempETA || {});

    /* Marks a text for the translation. */
    const N_ = (text) => text;

    /* The sentences of the server, without a full stop. Earlier ones are tried first. */
    const SENTENCES = [
        N_("Check whether this port uses TLS, and whether the broker wants a client certificate"),
        N_("Check whether Home Assistant's MQTT integration uses this broker and this prefix"),
        N_("Another client uses the same client ID: give each printer an ID of its own"),
        N_("%(file)s was damaged (%(why)s); it was renamed to %(new)s, and its content starts from scratch"),
        N_("The broker accepts packets of up to %(limit)s bytes; the largest message has %(largest)s"),
        N_("%(where)s closed the connection; check the port, and whether it expects TLS"),
        N_("Without Home Assistant, turn off Enable Home Assistant discovery"),
        N_("Use a name in the certificate as host, or set it as Server name"),
        N_("Raise the broker's packet limit (mosquitto: max_packet_size)"),
        N_("Home Assistant is online: its birth message was received on %(topic)s"),
        N_("Turn on Use TLS, or set the port without TLS (usually 1883)"),
        N_("Check username, password, and the user's access rules (ACL)"),
        N_("Renew the broker's certificate; check this machine's clock"),
        N_("Turn off Use TLS, or set the port with TLS (usually 8883)"),
        N_("The probe was not published, or the user may not read it"),
        N_("Set the file of the authority that signed it as CA file"),
        N_("No client is subscribed to discovery messages below %(prefix)s"),
        N_("%(where)s does not answer in MQTT %(version)s: it closed the connection"),
        N_("The bridge keeps trying until the broker is back"),
        N_("The certificate is for %(names)s and valid for %(days)s more days"),
        N_("Its default is used until you save another value"),
        N_("%(where)s refuses the connection: is the broker running?"),
        N_("Check the network, or set a longer keep-alive"),
        N_("The broker does not acknowledge a message on %(topic)s"),
        N_("The broker accepts the connection with MQTT %(version)s"),
        N_("TLS is off: the connection is not encrypted"),
        N_("The broker must support MQTT 5 or 3.1.1"),
        N_("Allow the user to read this topic (ACL)"),
        N_("The broker grants the subscriptions to %(topics)s"),
        N_("The printer is not ready: its state is %(state)s"),
        N_("No other plugin announces this printer"),
        N_("Free space or make the folder writable"),
        N_("The broker acknowledges a message on %(topic)s"),
        N_("the certificate of %(where)s is not trusted: %(why)s"),
        N_("The broker announces no packet limit"),
        N_("Not permitted to subscribe to %(topic)s (%(why)s)"),
        N_("no encrypted connection with %(where)s (%(why)s)"),
        N_("it took %(seconds)s s and that is its limit"),
        N_("Home Assistant discovery is off"),
        N_("Ask the broker's administrator"),
        N_("Not permitted to publish to %(topic)s: %(why)s"),
        N_("No other machine publishes on %(topic)s"),
        N_("Saving is tried again every %(seconds)s s"),
        N_("the script reported no success"),
        N_("There is no estimate for %(heater)s now"),
        N_("unsupported protocol version"),
        N_("A connection test is running"),
        N_("The script has already ended"),
        N_("The printer is not connected"),
        N_("In OctoPrint's environment: %(command)s"),
        N_("the printer was disconnected"),
        N_("Check the port and the path"),
        N_("Check username and password"),
        N_("The connection to %(where)s is lost"),
        N_("Check this machine's clock"),
        N_("This needs the permission %(permission)s"),
        N_("The plugin has not started"),
        N_("%(where)s refuses the connection: %(why)s"),
        N_("%(where)s does not answer in MQTT %(version)s"),
        N_("%(where)s does not accept MQTT at %(path)s"),
        N_("%(where)s closed the connection: %(why)s"),
        N_("bad username or password"),
        N_("Raise the broker's quota"),
        N_("Commands will not arrive"),
        N_("The bridge keeps trying"),
        N_("it took %(seconds)s s to be loaded"),
        N_("%(setting)s must be a whole number"),
        N_("The user may not read %(topic)s"),
        N_("The script %(script)s is running"),
        N_("%(setting)s must be true or false"),
        N_("%(where)s cannot be reached (%(why)s)"),
        N_("Set another client ID"),
        N_("The message came back"),
        N_("Wait until it is done"),
        N_("MQTT is not available"),
        N_("See the broker's log"),
        N_("server shutting down"),
        N_("%(where)s accepts connections"),
        N_("The test was stopped"),
        N_("No script is running"),
        N_("%(package)s cannot be used (%(why)s): %(without)s"),
        N_("OctoPrint shuts down"),
        N_("%(where)s does not speak TLS"),
        N_("client ID not valid"),
        N_("A script is running"),
        N_("There is no script %(script)s"),
        N_("it is not installed"),
        N_("server unavailable"),
        N_("keep-alive timeout"),
        N_("session taken over"),
        N_("There is no broker"),
        N_("Enter a host first"),
        N_("The saved setting %(setting)s"),
        N_("scripts do not run"),
        N_("Cannot save to %(folder)s: %(why)s"),
        N_("%(setting)s must be a number"),
        N_("%(where)s does not answer"),
        N_("%(host)s is not known (%(why)s)"),
        N_("packet too large"),
        N_("%(setting)s must be a text"),
        N_("not authorized"),
        N_("quota exceeded"),
        N_("Renew it soon"),
        N_("%(where)s expects TLS"),
        N_("The setting %(setting)s"),
        N_("server busy"),
        N_("banned"),
        N_("unspecified error"),
        N_("malformed packet"),
        N_("protocol error"),
        N_("implementation specific error"),
        N_("bad authentication method"),
        N_("Check how the broker authenticates its clients"),
        N_("topic filter invalid"),
        N_("Check the base topic"),
        N_("topic name invalid"),
        N_("Check the base topic and the discovery prefix"),
        N_("receive maximum exceeded"),
        N_("topic alias invalid"),
        N_("message rate too high"),
        N_("Set a longer minimum publish interval, or raise the broker's limit"),
        N_("administrative action"),
        N_("payload format invalid"),
        N_("retain not supported"),
        N_("Allow retained messages in the broker's settings"),
        N_("QoS not supported"),
        N_("Allow QoS 1 in the broker's settings"),
        N_("use another server"),
        N_("Set the host that the broker's administrator names"),
        N_("server moved"),
        N_("shared subscriptions not supported"),
        N_("connection rate exceeded"),
        N_("maximum connect time"),
        N_("The bridge connects again"),
        N_("subscription identifiers not supported"),
        N_("wildcard subscriptions not supported"),
        N_("Commands need a broker that supports wildcards")
    ];
    /* What a message of a failed attempt starts with: the step. */
    const STEP = /^(TCP|TLS|CONNACK|WebSocket|Name look-up): (.*)$/;
    const PLACE = /%\\\((\w+)\\\)s/g;

    const patterns = _.once(() =>
        SENTENCES.map((sentence) => {
            const names = [...sentence.matchAll(/%\((\w+)\)s/g)].map(([, name]) => name);
            const escaped = sentence.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
            return {sentence, names, pattern: new RegExp("^" + escaped.replace(PLACE, "(.+?)") + "$")};
        })
    );

    const translatedSentence = function (sentence) {
        const stop = sentence.endsWith(".") ? "." : "";
        const text = stop ? sentence.slice(0, -1) : sentence;
        const step = STEP.exec(text);
        if (step) return gettext(step[1]) + ": " + translatedSentence(step[2]) + stop;
        for (const {sentence: key, names, pattern} of patterns()) {
            const found = pattern.exec(text);
            if (!found) continue;
            const values = names.map((name, index) => [name, translatedSentence(found[index + 1])]);
            return _.sprintf(gettext(key), Object.fromEntries(values)) + stop;
        }
        return sentence;
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
