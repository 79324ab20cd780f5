"""The error that this package raises."""


class DiscoveryError(ValueError):
    """A configuration that Home Assistant would refuse or misread.

    `where` is the dotted path of the key (`bed_ready_at.device_class`), `rule` the rule that it breaks.
    """

    def __init__(self, where: str, rule: str) -> None:
        """Store both; the text is "where: rule"."""
        super().__init__(f"{where}: {rule}")
        self.where = where
        self.rule = rule
