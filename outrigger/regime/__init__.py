"""What kind of market the next hours will be: labels, features, classifier and how well it does."""
