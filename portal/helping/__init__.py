"""Pages that help: questions and answers, inquiries, calls asked for, circumstances; with a link or on a visit."""
