"""The rules of the clocks: pure functions of state, event, policy and the present moment."""
