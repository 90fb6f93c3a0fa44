"""The subjects of JetStream's own API, by what one wants to do.

Whoever may create a consumer on a stream may change every consumer of it: the server takes the name from the body.
It may also have the server publish what the stream holds anywhere. So only who owns all of a stream's consumers may.
"""

from shared.bus.streams import Consumer, Stream

_API = "$JS.API"


def consuming(consumer: Consumer) -> tuple[str, ...]:
    """Take messages from an existing `consumer`, acknowledge them, and ask how far it is."""
    stream, name = consumer.stream.name, consumer.service
    return (
        f"{_API}.STREAM.INFO.{stream}",
        f"{_API}.CONSUMER.INFO.{stream}.{name}",
        f"{_API}.CONSUMER.MSG.NEXT.{stream}.{name}",
        f"$JS.ACK.{stream}.{name}.>",
    )


def looking_back(stream: Stream) -> tuple[str, ...]:
    """Read what `stream` holds with consumers that nobody else sees, and erase messages."""
    name = stream.name
    return (
        f"{_API}.STREAM.MSG.GET.{name}",
        f"{_API}.STREAM.MSG.DELETE.{name}",
        f"{_API}.CONSUMER.CREATE.{name}.*",
        f"{_API}.CONSUMER.INFO.{name}.*",
        f"{_API}.CONSUMER.MSG.NEXT.{name}.*",
        f"{_API}.CONSUMER.DELETE.{name}.*",
    )


def pacing(stream: Stream) -> tuple[str, ...]:
    """Ask how far all consumers of `stream` are."""
    return (f"{_API}.CONSUMER.LIST.{stream.name}",)


def reading(stream: Stream) -> tuple[str, ...]:
    """Read single messages of `stream`, and ask which it holds."""
    return f"{_API}.STREAM.INFO.{stream.name}", f"{_API}.STREAM.MSG.GET.{stream.name}"


def keeping_files(stream: Stream) -> tuple[str, ...]:
    """Add files to the bucket behind `stream`, and ask which it has; not read them, and take none away."""
    entries = stream.subjects[1].removesuffix(">")
    return (*stream.subjects, f"{_API}.DIRECT.GET.{stream.name}.{entries}*")


def reading_files(stream: Stream) -> tuple[str, ...]:
    """Read the files of the bucket behind `stream`."""
    return f"{_API}.DIRECT.GET.{stream.name}", f"{_API}.DIRECT.GET.{stream.name}.>"


def operating(stream: Stream) -> tuple[str, ...]:
    """Create and change `stream` and its consumers, read it, back it up and restore it in its place; not empty it."""
    name = stream.name
    return (
        *(f"{_API}.STREAM.{act}.{name}" for act in ("CREATE", "UPDATE", "INFO", "DELETE", "SNAPSHOT", "RESTORE")),
        *(f"{_API}.STREAM.MSG.{act}.{name}" for act in ("GET", "DELETE")),
        *(f"{_API}.CONSUMER.{act}.{name}" for act in ("CREATE", "LIST", "NAMES")),
        f"{_API}.CONSUMER.CREATE.{name}.>",
        *(f"{_API}.CONSUMER.{act}.{name}.*" for act in ("DURABLE.CREATE", "INFO", "MSG.NEXT", "DELETE")),
        f"$JS.ACK.{name}.>",
        f"$JS.SNAPSHOT.ACK.{name}.>",
        f"$JS.SNAPSHOT.RESTORE.{name}.>",
    )


ACCOUNT = (f"{_API}.INFO", f"{_API}.STREAM.LIST", f"{_API}.STREAM.NAMES")
"""Ask what there is."""
