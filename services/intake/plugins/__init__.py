"""The channels that ship with intake: the generic form of the contract, with what is particular to each."""
