"""What was recorded cannot be changed, dropped or shown differently: tree, tiles, receipts."""
