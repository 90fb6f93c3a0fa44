"""WeCom 企业微信: the endpoint of the gateway for applications, and for customer service 微信客服.

endpoint.py  `/wecom/<account>`: the echo that the vendor asks for, and the pushes
service.py   messages to customer service, which the vendor only announces: they are fetched
cursors.py   how far each has been fetched, kept on the disk
vendor.py    the two calls of the vendor's interface that this takes
"""
