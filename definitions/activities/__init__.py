"""The demo activities are ordinary Temporal activities, which fail if their arguments say so (see `behaviour`)."""

from definitions.activities.files import *
from definitions.activities.orders import *
from definitions.activities.payments import *
from definitions.activities.polling import *
from definitions.activities.records import *
from definitions.activities.services import *
from definitions.activities.travel import *
