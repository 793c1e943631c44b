"""Addresses of the ties to the bank's other systems."""

from django.urls import path

from integrations.pickups import views as pickups
from integrations.returns import views as returns

urlpatterns = [
    path("imports/pickups/", pickups.index, name="import-pickups"),
    path("imports/pickups/new/", pickups.new, name="import-pickup-new"),
    path("imports/pickups/<uuid:pickup_source_id>/", pickups.detail, name="import-pickup"),
    path("imports/pickups/<uuid:pickup_source_id>/edit/", pickups.edit, name="import-pickup-edit"),
    path("imports/pickups/<uuid:pickup_source_id>/approve/", pickups.approve, name="import-pickup-approve"),
    path("imports/pickups/<uuid:pickup_source_id>/pause/", pickups.pause, name="import-pickup-pause"),
    path("imports/pickups/<uuid:pickup_source_id>/resume/", pickups.resume, name="import-pickup-resume"),
    path("imports/pickups/<uuid:pickup_source_id>/key/", pickups.new_key, name="import-pickup-key"),
    path("imports/pickups/<uuid:pickup_source_id>/look/", pickups.look, name="import-pickup-look"),
    path("imports/pickups/files/<uuid:picked_file_id>/again/", pickups.again, name="import-pickup-again"),
    path("returns/", returns.index, name="returns"),
    path("returns/prepare/", returns.prepare, name="return-prepare"),
    path("returns/layout/", returns.layout, name="return-layout"),
    path("returns/layout/<uuid:return_layout_id>/", returns.layout_version, name="return-layout-version"),
    path("returns/layout/<uuid:return_layout_id>/approve/", returns.layout_approve, name="return-layout-approve"),
    path("returns/layout/<uuid:return_layout_id>/reject/", returns.layout_reject, name="return-layout-reject"),
    path("returns/<uuid:batch_id>/", returns.batch, name="return"),
    path("returns/<uuid:batch_id>/release/", returns.release, name="return-release"),
    path("returns/<uuid:batch_id>/discard/", returns.discard, name="return-discard"),
    path("returns/<uuid:batch_id>/acknowledge/", returns.acknowledge, name="return-acknowledge"),
    path("returns/<uuid:batch_id>/refuse/", returns.refuse, name="return-refuse"),
    path("returns/<uuid:batch_id>/file/", returns.download, name="return-file"),
    path("returns/<uuid:batch_id>/left-out.csv", returns.left_out, name="return-left-out"),
]
