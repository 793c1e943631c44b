"""Every outside provider on one laptop: faithful servers over real sockets, knowing nothing of the product."""
