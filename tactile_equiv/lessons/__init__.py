"""The theory as experiments: each lesson states a law, measures it and draws it."""
