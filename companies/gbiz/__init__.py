"""What gBizINFO, the government's collection about companies, says beside the file: asked for by a click."""
