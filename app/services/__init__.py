"""What a person does: every change is one operation through one door."""
