"""Addresses of the ties to the bank's other systems."""

from django.urls import path

from integrations.returns import views as returns

urlpatterns = [
    path("returns/", returns.index, name="returns"),
    path("returns/prepare/", returns.prepare, name="return-prepare"),
    path("returns/layout/", returns.layout, name="return-layout"),
    path("returns/<uuid:batch_id>/", returns.batch, name="return"),
    path("returns/<uuid:batch_id>/release/", returns.release, name="return-release"),
    path("returns/<uuid:batch_id>/discard/", returns.discard, name="return-discard"),
    path("returns/<uuid:batch_id>/acknowledge/", returns.acknowledge, name="return-acknowledge"),
    path("returns/<uuid:batch_id>/refuse/", returns.refuse, name="return-refuse"),
    path("returns/<uuid:batch_id>/file/", returns.download, name="return-file"),
    path("returns/<uuid:batch_id>/left-out.csv", returns.left_out, name="return-left-out"),
]
