"""WeChat official accounts 公众号: the endpoint of the gateway, and what it shares with WeCom's and Weibo's.

endpoint.py  `/wechat/<account>`: the echo that the vendor asks for, and the pushes
pushes.py    what all three vendors' pushes have in common: query, window, answer in time
sealed.py    the envelope of an encrypted push
"""
