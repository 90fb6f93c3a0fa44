"""The endpoint `webhook`: contacts from other systems of the house, signed, in the form of the channel that they name."""
