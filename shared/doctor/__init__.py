"""What can be wrong with a house that runs Yingda, one file for each area; `yingda doctor` prints what it finds.

catalogue       every check: its name, what it is about, what to do
examination     looks at everything and returns what is wrong
business        policy, holidays, plugins, clock
machine         data directory, disk, survey key
postgresql      whether it lets us in, keeps what it confirms, has connections and the right time
bus             the same of NATS
prepared        roles, schemas, streams, consumers
running         the services' own probes
standing        what waits for somebody
"""

from shared.doctor.catalogue import CHECKS as CHECKS
from shared.doctor.examination import examine as examine
from shared.doctor.finding import Check as Check
from shared.doctor.finding import Finding as Finding
from shared.doctor.house import House as House
from shared.doctor.house import Thresholds as Thresholds
