"""The endpoint `web_form`: what customers write into a form of the website (docs/channels/web_form.md).

config.py     its settings in the policy
parsing.py    the fields and files of a request: JSON, a form of HTML with and without files
parts.py      the parts of a form with files, cut out at its boundary
contact.py    the generic form of the contract, made of the fields
pages.py      what a person sees who has no script
endpoint.py   the route
"""
