"""The contract as files, generated from the code: AsyncAPI and JSON Schema under `docs/contract`, checked for drift.

`python -m shared.contract` writes them, `python -m shared.contract --check` tells which one is not as the code has it.
"""
