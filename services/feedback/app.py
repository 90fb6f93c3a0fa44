"""The composition root of feedback: the only file that builds things."""

from collections.abc import Sequence
from pathlib import Path

from services.feedback import store
from services.feedback.domain.callback import CALLS
from services.feedback.domain.knowledge import STATES
from services.feedback.domain.script import language_of
from services.feedback.handlers import (
    CallbackDesk,
    CustomerDesk,
    EventHandler,
    FactKeeper,
    KnowledgeDesk,
    QualityDesk,
    QualityEar,
    ReportDesk,
    ReportPress,
    ScriptDesk,
    SurveyDesk,
    SurveyPage,
    SurveyView,
)
from services.feedback.handlers.drafting import KIND as BUILDER
from services.feedback.handlers.drafting import Drafting
from services.feedback.plugins.case_as_it_was import CaseAsItWas
from services.feedback.plugins.packaged import PackagedScripts
from services.feedback.ports import KnowledgeBuilder
from services.feedback.store.reconciliation import without_case
from services.feedback.store.retention import forget
from shared import metrics
from shared.bus.streams import EVENTS
from shared.bus.transaction import Incoming, Transaction
from shared.events import (
    CallbackCompleted,
    ContactCompleted,
    ContactRegistered,
    SlaBreached,
    SlaMet,
    WorkorderAssigned,
    WorkorderCancelled,
    WorkorderClassified,
    WorkorderClosed,
    WorkorderConfirmed,
    WorkorderOpened,
    WorkorderPromised,
    WorkorderReopened,
    WorkorderResolved,
    WorkorderResponded,
    WorkorderSigned,
    WorkorderTransferred,
)
from shared.events.commands import AccountCases
from shared.policy import Policy
from shared.reconciliation import Accountant, books
from shared.service import Context, Parts, Service, Web
from shared.settings import Settings
from shared.workshop import Workshop


async def build(context: Context) -> Parts:
    """Return the parts of one running feedback service."""
    policy = context.policy
    scripts = PackagedScripts()
    drafting = Drafting(policy, *_builders(context))
    desks = (
        CallbackDesk(policy, scripts),
        CustomerDesk(policy),
        ScriptDesk(policy, scripts),
        KnowledgeDesk(policy),
        QualityDesk(policy),
        ReportDesk(policy),
    )
    ears = (EventHandler(policy, drafting), QualityEar(policy), FactKeeper())

    async def on_events(tx: Transaction, batch: Sequence[Incoming]) -> None:
        # Every work order is assigned, and who has it inside its department changes nothing here.
        told = [item for item in batch if not isinstance(item.data, WorkorderAssigned)]
        for ear in ears:
            await ear.on_events(tx, told)

    async def gauges() -> None:
        async with context.engine.connect() as connection:
            open_callbacks = await store.open_counts(connection)
            surveys = await store.open_surveys(connection, context.clock.now())
            entries = await store.entry_counts(connection)
            reviews = await store.open_reviews(connection)
        metrics.QUALITY_REVIEWS_OPEN.set(reviews)
        for kind in CALLS:
            metrics.CALLBACKS_OPEN.labels(kind).set(open_callbacks.get(kind, 0))
        metrics.SURVEYS_OPEN.set(surveys)
        for state in STATES:
            metrics.KNOWLEDGE.labels(state).set(entries.get(state, 0))

    return Parts(
        on_events=on_events,
        commands={
            **{command: handler for desk in desks for command, handler in desk.commands.items()},
            **books(policy, Accountant(store.runtime, context.position), AccountCases, without_case),
        },
        loops=(ReportPress(context).loop,),
        gauges=gauges,
        web=_survey_page(context, drafting),
        forget=forget,
    )


def accepts(policy: Policy, settings: Settings) -> None:
    """Return if feedback can work by `policy`; `UnusableError` where its knowledge builder cannot be used."""
    Workshop(policy.plugins, settings).make(BUILDER, policy.feedback.knowledge.builder, KnowledgeBuilder)


def _builders(context: Context) -> tuple[KnowledgeBuilder, KnowledgeBuilder]:
    """Return the builder that the policy names and the built-in one, which drafts in its place where it fails."""
    policy, default = context.policy, CaseAsItWas()
    workshop = Workshop(policy.plugins, context.settings, context.clock.now)
    name = policy.feedback.knowledge.builder
    return workshop.use_all(BUILDER, [name], KnowledgeBuilder, lambda _: default)[name], default


def _survey_page(context: Context, drafting: Drafting) -> Web | None:
    """Return the survey page (R-FB-02); None for a house without a key, whose links nobody could check."""
    settings, policy = context.settings, context.policy
    if settings.survey_key is None:
        return None
    page = SurveyPage(
        SurveyDesk(context, settings.survey_key, drafting),
        SurveyView(policy),
        language_of(policy.locale),
        https=(settings.survey_url or "").startswith("https:"),
    )
    return Web(page.app, settings.survey_host, settings.survey_port)


SERVICE = Service(
    name="feedback",
    metadata=store.metadata,
    tables=store.runtime,
    stream=EVENTS,
    consumes=(
        CallbackCompleted,
        ContactCompleted,
        ContactRegistered,
        SlaBreached,
        SlaMet,
        WorkorderOpened,
        WorkorderPromised,
        WorkorderClassified,
        WorkorderTransferred,
        WorkorderResolved,
        WorkorderResponded,
        WorkorderSigned,
        WorkorderConfirmed,
        WorkorderReopened,
        WorkorderClosed,
        WorkorderCancelled,
    ),
    build=build,
    accepts=accepts,
    migrations=(Path(__file__).parent / "store" / "migrations",),
    tells=("callback", "knowledge", "quality", "report", "survey"),
    answers=("callback.*", "customer.*", "knowledge.*", "quality.*", "report.*", "script.*", "reconciliation.cases"),
    gather_seconds=0.5,
)
