"""What provisioning refuses, and what a service finds that is not provisioned."""


class ProvisionError(Exception):
    """The servers cannot be made to agree with the code."""


class NotProvisionedError(Exception):
    """The servers do not agree with the code; `yingda provision` makes them."""
