"""`yingda plugin new`: a package for a plugin of any kind that works as it stands, with tests that prove it.

names.py      what a plugin may be called, and what package, module and class are called after it
package.py    the files of the package, written where nothing is yet
templates/    one folder for each kind
"""

from shared.scaffold.names import Names as Names
from shared.scaffold.names import ScaffoldError as ScaffoldError
from shared.scaffold.names import kinds as kinds
from shared.scaffold.package import files_of as files_of
from shared.scaffold.package import write as write
