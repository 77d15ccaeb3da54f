-- Which objects a file of policies made: 1, else 0. Only these may leave with the file.

ALTER TABLE guardrail_rule ADD COLUMN by_file BIGINT NOT NULL DEFAULT 0;
ALTER TABLE datamasking_rule ADD COLUMN by_file BIGINT NOT NULL DEFAULT 0;
ALTER TABLE attribute ADD COLUMN by_file BIGINT NOT NULL DEFAULT 0;
ALTER TABLE access_binding ADD COLUMN by_file BIGINT NOT NULL DEFAULT 0;
