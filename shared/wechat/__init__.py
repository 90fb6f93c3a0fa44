"""What WeChat, WeCom and Weibo have in common: how a push is signed, and how WeChat and WeCom encrypt one."""

from shared.wechat.cipher import Cipher as Cipher
from shared.wechat.cipher import WechatCipherError as WechatCipherError
from shared.wechat.signature import is_signed as is_signed
from shared.wechat.signature import signature as signature
