"""Mails as customers write them, for the tests of the adapters."""

from email.message import EmailMessage

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def mail(number: int, *files: tuple[str, str, bytes], sender: str = "wang@example.org", text: str = "") -> bytes:
    """Return a mail with a Message-ID of its own; `files` are name, media type and content."""
    message = EmailMessage()
    message["From"] = f"王芳 <{sender}>"
    message["To"] = "service@example.com"
    message["Subject"] = f"空调不制冷 {number}"
    message["Date"] = "Mon, 23 Nov 2026 10:15:00 +0800"
    message["Message-ID"] = f"<mail-{number}@example.org>"
    message.set_content(text or f"我上周买的空调不制冷，要求换货。第 {number} 封。")
    for name, media_type, content in files:
        kind, _, rest = media_type.partition("/")
        message.add_attachment(content, maintype=kind, subtype=rest, filename=name)
    return message.as_bytes()


def number_of(envelope_id: str) -> int:
    """Return which mail has this id on the bus."""
    return int(envelope_id.removeprefix("mail-").partition("@")[0])
