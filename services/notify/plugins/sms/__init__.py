"""What the SMS transports have in common.

mobiles.py             forms of a telephone number
wording.py             which template of the vendor, and what stands in its parameters
sending.py             a batch, several requests at once, within its time
verdicts.py            what an HTTP status means where the vendor says nothing else
fields.py              names in braces, for http_sms
reading.py             how an answer is read by configuration, for http_sms
aliyun_signature.py    ACS3-HMAC-SHA256, and the older HMAC-SHA1
aliyun_answers.py      Aliyun's codes as outcomes
tencent_signature.py   TC3-HMAC-SHA256
tencent_answers.py     Tencent's codes as outcomes
"""
