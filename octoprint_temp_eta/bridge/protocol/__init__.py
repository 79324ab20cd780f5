"""What goes into the bridge and what comes out."""
