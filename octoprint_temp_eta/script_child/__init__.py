"""The process that runs a user's script. OctoPrint never imports a script."""
