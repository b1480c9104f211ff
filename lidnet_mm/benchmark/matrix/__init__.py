"""What a matrix config asks for: tables, their rows, and the trainings and scores of each."""
