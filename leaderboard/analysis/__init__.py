"""What votes say: ratings of models, how sure they are, how far raters agree, and how far metrics agree with raters."""
