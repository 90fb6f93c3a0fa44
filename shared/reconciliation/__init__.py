"""What every service contributes to the hourly reconciliation (guarantee 6, ADR 0019).

intake holds what came in against what the others made of it. No service reads another's tables: each is asked over a
command which of given ids it does not have, and answers with an `Account`.

    account.py     the answer: what is missing, what of it lies in the dead letters, and how far the service has come
    accountant.py  makes the answer from the tables that the runtime keeps in every schema
    books.py       answers for the services that hold something for every work order
    permission.py  who may ask
"""

from shared.reconciliation.account import Account, Standing
from shared.reconciliation.accountant import Accountant
from shared.reconciliation.books import books
from shared.reconciliation.permission import SYSTEM, stranger

__all__ = ["SYSTEM", "Account", "Accountant", "Standing", "books", "stranger"]
