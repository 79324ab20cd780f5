"""The one error of this package."""


class DiscoveryError(ValueError):
    """A configuration that Home Assistant would refuse, or take and then misread.

    `where` is the dotted path of the offending key (`bed_ready_at.device_class`), `rule` what must hold.
    """

    def __init__(self, where: str, rule: str) -> None:
        """Remember where and which rule; the text is "where: rule"."""
        super().__init__(f"{where}: {rule}")
        self.where = where
        self.rule = rule
