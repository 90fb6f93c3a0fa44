"""feedback 反馈: callbacks, satisfaction, knowledge, quality and reports (handbook, section 6).

Every approved result leads to a call: an agent of `service` tells the customer the result, asks whether the matter is
solved and how satisfied they are, and records each attempt. Who is not satisfied gets the work order reopened, who
gives a low score is called by the supervisor, and what was solved well becomes a draft of knowledge that a supervisor
publishes and everybody can search, in Chinese and in English. Whoever no call reaches is asked in writing, on a page
behind an unguessable link; whoever called and was not helped is called back at once. What agents write is looked
through, a share of it is scored, and every week and month has its report, in DIR/reports.

consumes  contact.registered, contact.completed (whom to call, what the problem was), every workorder event (what
          became of it), sla.met, sla.breached and its own callback.completed (facts for reports, words to look through)
emits     callback.scheduled, callback.attempted, callback.completed, callback.withdrawn, survey.issued,
          knowledge.drafted, knowledge.confirmed, knowledge.published, knowledge.retired, knowledge.rated,
          quality.found, quality.reviewed, report.published
serves    the survey page over HTTP, if YINGDA_SURVEY_KEY is set
answers   callback.record, callback.list, script.get, customer.get, customer.search,
          knowledge.search, .suggest, .rate, .list, .get, .review, quality.check, .list, .score, .results,
          report.make, .list, reconciliation.cases

    domain/case.py        what feedback keeps of a work order
    domain/callback.py    when a callback is due, what an attempt leads to (R-FB-01 to R-FB-03, R-SLA-05, R-SLA-06)
    domain/return_call.py which calls are called back at once (R-IN-10)
    domain/survey.py      the callback in writing (R-FB-01, R-FB-02); its page is data in pages/
    domain/customer_file.py  a customer in one place (R-FB-08)
    domain/script.py      what the agent reads out (R-FB-01, R-FB-07); the texts are data in scripts/
    domain/redact.py      personal data out of texts that others will read
    domain/drafting.py    from a closed case to a draft, by a builder, which is a plugin and sees what closed_case.py has;
                          domain/knowledge.py: its revisions (R-FB-04)
    domain/similar.py     which cases are about the same problem and share an entry (R-FB-04)
    domain/quality/       forbidden phrases and evasions, and where they are none; sampling and scoring (R-FB-06)
    domain/report/        periods, figures, and reports as a page and a sheet (R-FB-05)
    domain/terms.py       how a text is cut into terms for the search
"""
