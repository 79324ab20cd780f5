"""What this machine and OctoPrint's environment provide, and what is wrong with them."""
