"""The rules of intake: what can be stored, who a customer is, what is known of them, what is registered."""
