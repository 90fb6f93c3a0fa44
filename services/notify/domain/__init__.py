"""What to tell whom, when and in which words; pure functions of events, policy and the present moment."""
