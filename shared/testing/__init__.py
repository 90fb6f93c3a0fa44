"""What tests and third-party plugin authors need: real servers on this machine, a fake clock, event builders."""
