"""Dead letters as an operator sees them: they are listed, read and given orders, wherever they are kept."""
