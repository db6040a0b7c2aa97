"""Alert rules: their files, what is checked of them, and their templates."""
