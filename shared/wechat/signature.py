"""The signature of a push: SHA-1 of what both sides know, sorted and joined.

WeChat: token, timestamp and nonce, and the encrypted text where there is one
(developers.weixin.qq.com/doc/offiaccount/Basic_Information/Access_Overview.html); WeCom always with the encrypted text
(developer.work.weixin.qq.com/document/path/90968); Weibo: the application's secret in place of the token
(open.weibo.com/wiki, "消息推送服务").
"""

import hashlib
import hmac


def signature(*parts: str) -> str:
    """Return the signature of `parts` in hexadecimal digits; their order does not matter."""
    # SHA-1 is what the vendors have laid down: what keeps the signature from being forged is the secret among the parts
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def is_signed(given: str, *parts: str) -> bool:
    """Return whether `given` is the signature of `parts`; the time that this takes tells nothing of the right one."""
    return hmac.compare_digest(given.encode(), signature(*parts).encode())
