"""The endpoint `phone_records`: calls as the telephone system records them (docs/channels/phone_records.md)."""
