"""What runs in a process of its own: the user's scripts. Nothing of it is imported into OctoPrint."""
