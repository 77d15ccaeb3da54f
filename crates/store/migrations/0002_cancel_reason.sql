-- Why the end of a session was asked for, in the words of who asked.
ALTER TABLE session ADD COLUMN cancel_reason TEXT;
