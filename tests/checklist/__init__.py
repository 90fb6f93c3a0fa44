"""The quality checklist of the plugins that ship with Yingda, and the script that looks (docs/plugins/checklist.md).

builtin.py   the plugins, their modules and pages
source.py    what stands in their code, and in the tests of them
rules.py     the rules, each with what it looks at
exempt.yaml  who is exempt from which rule, and why
page.py      the page of the checklist
__main__.py  `python -m tests.checklist` writes the page, `--check` only looks
"""
