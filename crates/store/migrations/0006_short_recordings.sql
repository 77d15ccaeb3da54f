-- The events of a recording that is short and was over when its session was closed.
ALTER TABLE session ADD COLUMN recording TEXT;
