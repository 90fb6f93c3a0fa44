"""Addresses as events, logs and lists may show them (contract: `to_masked`)."""


def mask(address: str) -> str:
    """Return `138****8000` or `w***@example.com`; of anything too short to tell parts of, only stars are left."""
    name, at, host = address.rpartition("@")
    if at:
        return f"{name[:1]}***@{host}"
    digits = address.removeprefix("+86")
    if len(digits) < 9:  # noqa: PLR2004 (three digits in front and four at the end would be nearly all of it)
        return "****"
    return f"{digits[:3]}****{digits[-4:]}"
