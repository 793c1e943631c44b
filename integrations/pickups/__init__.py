"""Books of customers that are fetched from a folder or an SFTP server, by the clock."""
