"""The endpoint `web_chat`: a conversation over a WebSocket becomes one contact when it ends (docs/channels/web_chat.md).

What a customer writes is on a stream of JetStream before it is acknowledged, so that neither the end of a gateway nor that of
a connection loses it, and any gateway can go on with any conversation.

    config.py         its settings in the policy
    conversation.py   one conversation and its steps, pure
    frames.py         what client and server say to each other
    chats.py          the conversations on their stream
    desk.py           messages kept, conversations ended, each once
    endpoint.py       the WebSocket, and the sweep that ends what is idle
"""
