"""Looks at one's own state: each module one part of it, each function one line (or one line an OA) of the doctor's."""
