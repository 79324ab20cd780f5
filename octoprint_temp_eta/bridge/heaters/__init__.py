"""The heaters and the commands about them."""
