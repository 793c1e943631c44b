"""The tables of this room, each with its topic."""

from integrations.pickups.models import PickedFile as PickedFile
from integrations.pickups.models import PickupSource as PickupSource
from integrations.returns.models import ReturnBatch as ReturnBatch
from integrations.returns.models import ReturnedChange as ReturnedChange
from integrations.returns.models import ReturnLayout as ReturnLayout
from integrations.returns.models import ReturnPiece as ReturnPiece
