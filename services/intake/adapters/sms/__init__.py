"""The endpoint `sms`: short messages that customers send, as their providers push them (docs/channels/sms.md)."""
