// Checks and previews while one writes, and files drawn onto a field.

