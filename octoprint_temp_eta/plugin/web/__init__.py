"""OctoPrint's pages, the REST interface, and who may use them."""
