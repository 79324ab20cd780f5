"""The threads of the plugin, and how they pass work to each other."""
