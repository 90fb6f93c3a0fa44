"""Weibo 微博: the endpoint of the gateway for direct messages 私信."""
