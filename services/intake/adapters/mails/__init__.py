"""What the adapters of mail have in common: a mail taken apart, its files kept, and its raw form on the bus (ADR 0041)."""

from services.intake.adapters.mails.delivery import Delivery as Delivery
from services.intake.adapters.mails.delivery import Place as Place
from services.intake.adapters.mails.pauses import Pauses as Pauses
