"""The soak runs many sagas against a ledger, while their workers and the server are killed."""
