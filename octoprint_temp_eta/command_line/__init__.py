"""The commands `octoprint plugins temp_eta:…`."""
