"""What a change of the mappings would do, before it does it; and putting it in force. Nothing here prints."""
