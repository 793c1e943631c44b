"""How customers are reached: their contact points, what is known of each, and how well all of them serve."""
