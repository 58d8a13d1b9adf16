"""Networks: Keras models as lists of calls, how they are found, built, trained, saved and loaded."""
