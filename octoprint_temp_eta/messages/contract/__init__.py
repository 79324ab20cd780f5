"""The contract: which messages there are, their schemas, and the validation against them."""
