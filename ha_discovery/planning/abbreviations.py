"""Home Assistant's short names of keys, for a device with so many components that its message is large.

Home Assistant reads both. The long names stay the default: they are easier to read in a broker's topics.
"""

from collections.abc import Mapping
from typing import Any, Final

SHORT: Final[Mapping[str, str]] = {
    "automation_type": "atype",
    "availability": "avty",
    "availability_mode": "avty_mode",
    "command_template": "cmd_tpl",
    "command_topic": "cmd_t",
    "device_class": "dev_cla",
    "enabled_by_default": "en",
    "entity_category": "ent_cat",
    "event_types": "evt_typ",
    "expire_after": "exp_aft",
    "icon": "ic",
    "json_attributes_template": "json_attr_tpl",
    "json_attributes_topic": "json_attr_t",
    "message_expiry_interval": "msg_exp_int",
    "options": "ops",
    "payload": "pl",
    "payload_available": "pl_avail",
    "payload_not_available": "pl_not_avail",
    "payload_off": "pl_off",
    "payload_on": "pl_on",
    "payload_press": "pl_prs",
    "platform": "p",
    "state_class": "stat_cla",
    "state_topic": "stat_t",
    "subtype": "stype",
    "suggested_display_precision": "sug_dsp_prc",
    "topic": "t",
    "unique_id": "uniq_id",
    "unit_of_measurement": "unit_of_meas",
    "value_template": "val_tpl",
}


def abbreviated(component: Mapping[str, Any]) -> dict[str, Any]:
    """Return a component's message with short names, also in its availability."""
    short = {SHORT.get(key, key): value for key, value in component.items()}
    if "avty" in short:
        short["avty"] = [{SHORT.get(key, key): value for key, value in topic.items()} for topic in short["avty"]]
    return short
